/**
 * Upper bounds of a field along the rays of the image; `reconstruction/bounds.py`.
 *
 * @typedef {import("./ensemble.js").Camera} Camera
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {object} BoundConstants
 * @property {number} margin
 * @property {number} drop
 * @property {number} valley
 * @property {number} far
 * @property {number} leastHalf
 *
 * @typedef {(points: Float32Array) => Float64Array} Bounds Above the level.
 */

import { look } from "./frame.js";
import { filtered, sampled } from "./rayMaps.js";

/**
 * The bound above the level at points; infinite where there is none.
 *
 * @param {Float64Array[]} maps Centre, half depth, share and both ends per ray.
 * @param {number} side
 * @param {Camera} camera
 * @param {BoundConstants} constants
 * @param {Frame} frame
 * @returns {Bounds}
 */
export function boundsOf(maps, side, camera, { margin, drop, leastHalf }, frame) {
  return (points) => {
    const seen = look(points, camera, frame);
    return Float64Array.from({ length: points.length / 3 }, (_, n) => {
      const [x, y, near] = seen.subarray(3 * n, 3 * n + 3);
      const [centre, half, share, behind, ahead] = maps.map((map) => sampled(map, x, y, side));
      if (!(share > 0 && near < ahead && -near < behind)) return Infinity;
      const away = ((near - centre) / Math.max(half, leastHalf)) ** 2;
      return Math.max(margin * (1 - away), -drop) + 2 * drop * (1 - share);
    });
  };
}

/**
 * How far a part reaches along each ray, in depths times `sign` from its own; far where no other
 * part is there.
 *
 * @param {ArrayLike<number>} logits (rays, depths)
 * @param {Float64Array} depths
 * @param {number[]} own Depth of the part on each ray.
 * @param {number} level
 * @param {1 | -1} sign
 * @param {BoundConstants} constants
 */
export function reaches(logits, depths, own, level, sign, { valley, far }) {
  const count = depths.length;
  return own.map((depth, n) => {
    let lowest = -1;
    for (let step = 0; step < count; step++) {
      const k = sign > 0 ? step : count - 1 - step;
      if (sign * depths[k] <= sign * depth) continue;
      const here = logits[n * count + k];
      if (lowest < 0 || here < logits[n * count + lowest]) lowest = k;
      if (here >= Math.max(logits[n * count + lowest] + valley, level)) return sign * depths[lowest];
    }
    return far;
  });
}

/**
 * The least of `ends` on `rays` in a square of odd `edge` around each ray.
 *
 * @param {ArrayLike<number>} ends (side, side)
 * @param {ArrayLike<number>} rays (side, side)
 * @param {number} edge
 * @param {number} side
 * @param {BoundConstants} constants
 */
export function nearestEnds(ends, rays, edge, side, { far }) {
  const below = Float64Array.from(ends, (end, at) => (rays[at] ? end - far : 0));
  return filtered(below, [edge, edge], Math.min, 0, side).map((each) => far + each);
}
