/**
 * Surfaces that the photo shows and the field has slightly below the level;
 * `reconstruction/gaps.py`.
 *
 * @typedef {import("./ensemble.js").Field} Field
 * @typedef {import("./ensemble.js").Camera} Camera
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./outline.js").OutlineFit} OutlineFit
 * @typedef {object} GapConstants
 * @property {number} thick
 * @property {number} margin
 * @property {number} limit
 */

import { clip } from "../photo/numbers.js";
import { look } from "./frame.js";
import { opened, sampled } from "./rayMaps.js";

/**
 * How far the field is to be raised along each ray (side, side), or null if nothing is missing.
 *
 * @param {OutlineFit} fit
 * @param {number} level
 * @param {GapConstants} constants
 * @returns {Float64Array | null}
 */
export function findGaps({ rays, mask }, level, { thick, margin, limit }) {
  const part = opened(mask, thick, Math.round(Math.sqrt(mask.length)));
  const target = level + margin;
  const raised = Float64Array.from(rays.front, (each, at) =>
    part[at] && rays.highest[at] < target ? clip(target - each, 0, limit) : 0,
  );
  return raised.some((each) => each > 0) ? raised : null;
}

/**
 * The field, raised where it is to be.
 *
 * @param {Field} field
 * @param {Float64Array} raised (side, side)
 * @param {Camera} camera
 * @param {Frame} frame
 * @returns {Field}
 */
export function withGaps(field, raised, camera, frame) {
  const side = Math.round(Math.sqrt(raised.length));
  return async (points) => {
    const logits = await field(points);
    const seen = look(points, camera, frame);
    for (let n = 0; n < logits.length; n++)
      logits[n] += Math.fround(sampled(raised, seen[3 * n], seen[3 * n + 1], side));
    return logits;
  };
}

/**
 * The share of the mask that is raised.
 *
 * @param {Float64Array} raised (side, side)
 * @param {Uint8Array} mask (side, side)
 */
export function shareOf(raised, mask) {
  const count = (/** @type {ArrayLike<number>} */ map) =>
    Array.from(map).reduce((total, each) => total + (each > 0 ? 1 : 0), 0);
  return count(raised) / count(mask);
}
