/**
 * Copies of the photo, and the mean of their fields; `reconstruction/ensemble.py`.
 *
 * @typedef {import("../photo/resample.js").Picture} Picture
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {(points: Float32Array) => Promise<Float32Array>} Field Points (N, 3) to logits (N,).
 * @typedef {{elevation: number, kappa: number}} Camera
 */

import { roundHalfEven } from "../photo/numbers.js";
import { resizeToUnit } from "../photo/resample.js";
import { fromCube, toCube } from "./frame.js";

/**
 * The edge in pixels of a copy that is centred in `size` pixels, with equal borders.
 *
 * @param {number} scale
 * @param {number} size
 */
export function edgeOf(scale, size) {
  return size - 2 * roundHalfEven(((1 - scale) * size) / 2);
}

/**
 * A copy (3, size, size) of the picture in [0, 1], on white.
 *
 * @param {Picture} picture
 * @param {number} scale
 * @param {number} size
 * @returns {Float32Array}
 */
export function drawCopy(picture, scale, size) {
  const edge = edgeOf(scale, size);
  const pixels = resizeToUnit(picture, edge);
  const border = Math.floor((size - edge) / 2);
  if (border === 0) return pixels;
  const copy = new Float32Array(3 * size * size).fill(1);
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < edge; y++) {
      const row = pixels.subarray((c * edge + y) * edge, (c * edge + y + 1) * edge);
      copy.set(row, (c * size + y + border) * size + border);
    }
  return copy;
}

/**
 * The camera as seen in the original, and the camera to write into each code.
 *
 * @param {Float32Array[]} codes Of the copies; the last two numbers are their cameras.
 * @param {number[]} ratios Edges of the copies over that of the original.
 * @returns {{camera: Camera, own: [number, number][]}}
 */
export function meanCamera(codes, ratios) {
  const count = codes.length;
  let [elevation, kappa] = [0, 0];
  codes.forEach((code, n) => {
    elevation += code[code.length - 2] / count;
    // Perspective per half edge of the picture: in a smaller copy there is more of it.
    kappa += (code[code.length - 1] * ratios[n]) / count;
  });
  [elevation, kappa] = [Math.fround(elevation), Math.fround(kappa)];
  return {
    camera: { elevation, kappa },
    own: ratios.map((ratio) => [elevation, Math.fround(kappa / ratio)]),
  };
}

/**
 * The field of a copy, for points in the frame of the original.
 *
 * @param {Field} field
 * @param {number} ratio
 * @param {Frame} frame
 * @returns {Field}
 */
export function ofOriginal(field, ratio, frame) {
  return ratio === 1 ? field : (points) => field(placed(points, ratio, frame));
}

/**
 * The mean field of the copies.
 *
 * @param {Field[]} members For points in the frame of the original.
 * @returns {Field}
 */
export function meanField(members) {
  return async (points) => {
    const each = [];
    for (const member of members) each.push(await member(points));
    return meanOf(each);
  };
}

/**
 * @param {Float32Array[]} each Logits of the members.
 * @returns {Float32Array}
 */
export function meanOf(each) {
  const total = each[0].slice();
  for (const logits of each.slice(1)) for (let k = 0; k < total.length; k++) total[k] += logits[k];
  for (let k = 0; k < total.length; k++) total[k] /= each.length;
  return total;
}

/**
 * @param {Float32Array} points
 * @param {number} ratio
 * @param {Frame} frame
 */
function placed(points, ratio, frame) {
  const places = fromCube(points.slice(), frame);
  for (let k = 0; k < places.length; k++) places[k] *= ratio;
  return toCube(places, frame);
}
