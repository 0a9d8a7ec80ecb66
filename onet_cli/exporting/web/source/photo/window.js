/**
 * The part of a large photo that is processed, if a box gives the object's place;
 * `shapes/photo_window.py`.
 *
 * @typedef {import("./resample.js").Picture} Picture
 * @typedef {import("./salient.js").Box} Box
 * @typedef {import("./target.js").Target} Target
 */

import { roundHalfEven } from "./numbers.js";
import { resizePlane } from "./resample.js";
import { AROUND } from "./target.js";

export const WORKING_SIDE = 768;

/**
 * The part of a photo that is needed for a target, in whole pixels.
 *
 * With a box, it is the box plus the margin that the network uses, or more if that does not require
 * a reduction; otherwise the whole photo.
 *
 * @param {Picture} photo
 * @param {Target | null} target
 * @returns {Box}
 */
export function windowOf({ width, height }, target) {
  if (!target?.box) return [0, 0, width, height];
  const [left, top, right, bottom] = target.box;
  const margin = AROUND * Math.max(right - left, bottom - top) + 2;
  const stretch = (/** @type {number} */ low, /** @type {number} */ high, /** @type {number} */ side) => {
    const more = Math.max(margin, (WORKING_SIDE - (high - low)) / 2);
    return [Math.max(Math.floor(low - more), 0), Math.min(Math.ceil(high + more), side)];
  };
  const [across, down] = [stretch(left, right, width), stretch(top, bottom, height)];
  return [across[0], down[0], across[1], down[1]];
}

/**
 * The weight of the part within the whole photo, reduced likewise.
 *
 * @param {{width: number, height: number, data: Float32Array}} plane Of the part, reduced.
 * @param {Box} box
 * @param {Picture} given
 * @param {{width: number, height: number}} size Of the photo, reduced.
 * @returns {Float32Array}
 */
export function inWhole(plane, box, given, { width, height }) {
  if (box[2] - box[0] === given.width && box[3] - box[1] === given.height) return plane.data;
  const share = Math.min(WORKING_SIDE / Math.max(given.width, given.height), 1);
  let [left, top, right, bottom] = box.map((edge) => roundHalfEven(edge * share));
  [left, top] = [Math.min(left, width - 1), Math.min(top, height - 1)];
  [right, bottom] = [Math.max(right, left + 1), Math.max(bottom, top + 1)];
  const small = resizePlane(plane, right - left, bottom - top);
  const whole = new Float32Array(width * height);
  for (let y = top; y < Math.min(bottom, height); y++)
    for (let x = left; x < Math.min(right, width); x++)
      whole[y * width + x] = small.data[(y - top) * (right - left) + x - left];
  return whole;
}
