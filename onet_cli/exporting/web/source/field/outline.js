/**
 * The level whose silhouette agrees best with the mask; `reconstruction/outline.py`.
 *
 * @typedef {import("./ensemble.js").Field} Field
 * @typedef {import("./ensemble.js").Camera} Camera
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {object} OutlineConstants
 * @property {number} side
 * @property {number} depths
 * @property {number} nearest
 * @property {number} closer
 * @property {number} front
 * @property {number} leastIou
 * @property {number} leastShare
 */

import { alongRays, linspace } from "./frame.js";

/**
 * @typedef {object} Peaks Logits along each ray, (side, side).
 * @property {Float32Array} highest The maximum, sampled more densely.
 * @property {Float32Array} samples From far to near, (side, side, depths).
 *
 * @typedef {object} OutlineFit
 * @property {number} level The level whose silhouette agrees best with the mask.
 * @property {number} iou Of the silhouettes.
 * @property {Peaks} rays The field along each ray.
 * @property {Uint8Array} mask (side, side)
 */

/**
 * The level at which the silhouette agrees best with the mask; null if the object is too small.
 *
 * @param {Field} field
 * @param {Camera} camera
 * @param {Uint8Array} mask (S, S)
 * @param {OutlineConstants} constants
 * @param {Frame} frame
 * @returns {Promise<OutlineFit | null>}
 */
export async function fitOutline(field, camera, mask, constants, frame) {
  const small = shrink(mask, constants.side);
  const area = small.reduce((a, b) => a + b, 0);
  if (area / small.length < constants.leastShare) return null;
  const rays = await peaksAlongRays(field, camera, constants, frame);
  const { highest } = rays;
  const order = Int32Array.from(highest.keys()).sort((a, b) => highest[b] - highest[a] || a - b);
  const found = { level: 0, iou: -1, rays, mask: small };
  let hits = 0;
  order.forEach((ray, n) => {
    hits += small[ray];
    const iou = hits / (n + 1 + area - hits);
    if (iou > found.iou) [found.iou, found.level] = [iou, highest[ray]];
  });
  return found;
}

/**
 * Whether the silhouettes agree well enough for the mask to be right.
 *
 * @param {OutlineFit | null} fit
 * @param {OutlineConstants} constants
 * @returns {fit is OutlineFit}
 */
export function isValid(fit, constants) {
  return fit !== null && fit.iou >= constants.leastIou;
}

/**
 * A mask (side, side): 1 where more than half is covered.
 *
 * @param {Uint8Array} mask (S, S)
 * @param {number} side
 * @returns {Uint8Array}
 */
export function shrink(mask, side) {
  return Uint8Array.from(coverage(mask, side), (each) => Number(each > 0.5));
}

/**
 * The share of each cell (side, side) that a mask covers.
 *
 * @param {Uint8Array} mask (S, S)
 * @param {number} side
 * @returns {Float64Array}
 */
export function coverage(mask, side) {
  const size = Math.round(Math.sqrt(mask.length));
  const start = (/** @type {number} */ n) => Math.floor((n * size) / side);
  const stop = (/** @type {number} */ n) => Math.ceil(((n + 1) * size) / side);
  const share = new Float64Array(side * side);
  for (let row = 0; row < side; row++)
    for (let column = 0; column < side; column++) {
      let [covered, count] = [0, 0];
      for (let y = start(row); y < stop(row); y++)
        for (let x = start(column); x < stop(column); x++, count++) covered += mask[y * size + x];
      share[row * side + column] = covered / count;
    }
  return share;
}

/**
 * @param {Field} field
 * @param {Camera} camera
 * @param {OutlineConstants} constants
 * @param {Frame} frame
 * @returns {Promise<Peaks>}
 */
async function peaksAlongRays(field, camera, constants, frame) {
  const { side, depths: count, nearest, closer } = constants;
  const seen = Float64Array.from({ length: 2 * side * side }, (_, k) => {
    const ray = k >> 1;
    return ((k & 1 ? Math.floor(ray / side) : ray % side) + 0.5) * (2 / side) - 1;
  });
  const depths = linspace(-nearest, nearest, count);
  const logits = await field(alongRays(seen, (_, step) => depths[step], count, camera, frame));
  const highest = new Float32Array(side * side).fill(-Infinity);
  const best = new Float64Array(side * side);
  for (let k = 0; k < logits.length; k++) {
    const ray = Math.floor(k / count);
    if (logits[k] > highest[ray]) [highest[ray], best[ray]] = [logits[k], depths[k % count]];
  }
  const step = depths[1] - depths[0];
  const offsets = linspace(-step, step, 2 * closer + 1).filter(
    (each, k) => k % 2 === 1 && Math.abs(each) > 1e-9,
  );
  const more = offsets.length;
  const finer = await field(
    alongRays(seen, (ray, k) => best[ray] + offsets[k], more, camera, frame),
  );
  for (let k = 0; k < finer.length; k++) {
    const ray = Math.floor(k / more);
    highest[ray] = Math.max(highest[ray], finer[k]);
  }
  return { highest, samples: logits };
}

/**
 * Where the last local maximum of each row is, from far to near, of those nearly as high as the
 * maximum.
 *
 * @param {Float32Array} logits (rays, count)
 * @param {number} count
 * @param {number} below Maximum difference from the row's maximum.
 * @returns {Int32Array}
 */
export function frontPeaks(logits, count, below) {
  return Int32Array.from({ length: logits.length / count }, (_, ray) => {
    const row = logits.subarray(ray * count, (ray + 1) * count);
    const least = Math.fround(row.reduce((a, b) => Math.max(a, b)) - Math.fround(below));
    let last = count - 1;
    while (row[last] < least || row[last] < row[last - 1] || row[last] < row[last + 1]) last--;
    return last;
  });
}
