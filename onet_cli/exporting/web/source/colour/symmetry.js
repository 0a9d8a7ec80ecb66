/**
 * Upright mirror planes of a shape; `geometry/symmetry.py`.
 *
 * @typedef {object} MirrorPlane All points p with p @ normal = offset.
 * @property {[number, number, number]} normal
 * @property {number} offset
 *
 * @typedef {object} SymmetryConstants
 * @property {number} angles
 * @property {number[]} finer
 * @property {number} most
 * @property {number} tried
 * @property {number} targets
 * @property {number} like
 */

import { Tree } from "./nearest.js";

/**
 * The planes about which `points` (N, 3) are symmetric, best first.
 *
 * @param {Float64Array} points
 * @param {SymmetryConstants} constants
 * @returns {MirrorPlane[]}
 */
export function mirrorPlanes(points, { angles: count, finer, most, tried: few, targets: many, like }) {
  const [tried, targets] = [everyNth(points, few), everyNth(points, many)];
  const tree = new Tree(targets);
  const step = Math.PI / count;
  const attempt = (/** @type {number} */ angle) => {
    const plane = middlePlane(targets, angle);
    return { plane, angle, distance: meanDistance(tree, tried, plane) };
  };
  const coarse = Array.from({ length: count }, (_, n) => attempt(n * step));
  const minima = coarse
    .filter(({ distance }, n) => {
      const sides = [coarse[(n + count - 1) % count], coarse[(n + 1) % count]];
      return sides.every((side) => distance <= side.distance);
    })
    .sort((a, b) => a.distance - b.distance)
    .slice(0, most);
  const limit = like * extent(points) + spacing(targets, few);
  return minima
    .map(({ angle }) => [0, ...finer].map((turn) => attempt(angle + turn * step)))
    .map((each) => each.reduce((a, b) => (b.distance < a.distance ? b : a)))
    .sort((a, b) => a.distance - b.distance)
    .filter(({ distance }) => distance < limit)
    .map(({ plane }) => plane);
}

/**
 * Mirror images of points, or of directions with the offset 0.
 *
 * @param {Float64Array | Float32Array} points (N, 3)
 * @param {MirrorPlane} plane
 * @returns {Float64Array}
 */
export function mirror(points, { normal, offset }) {
  const found = Float64Array.from(points);
  for (let k = 0; k < found.length; k += 3) {
    const away = normal[0] * found[k] + normal[1] * found[k + 1] + normal[2] * found[k + 2] - offset;
    for (let c = 0; c < 3; c++) found[k + c] -= 2 * away * normal[c];
  }
  return found;
}

/**
 * @param {Float64Array} points
 * @param {number} most
 * @returns {Float64Array} At most `most` of them, evenly spread.
 */
function everyNth(points, most) {
  const count = points.length / 3;
  if (count <= most) return points;
  const found = new Float64Array(3 * most);
  for (let n = 0; n < most; n++) {
    const at = 3 * Math.floor((n * count) / most);
    found.set(points.subarray(at, at + 3), 3 * n);
  }
  return found;
}

/**
 * @param {Float64Array} points
 * @param {number} angle
 * @returns {MirrorPlane}
 */
function middlePlane(points, angle) {
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  let [low, high] = [Infinity, -Infinity];
  for (let k = 0; k < points.length; k += 3) {
    const along = points[k] * cosine + points[k + 2] * sine;
    low = Math.min(low, along);
    high = Math.max(high, along);
  }
  return { normal: [cosine, 0, sine], offset: (low + high) / 2 };
}

/**
 * @param {Tree} tree
 * @param {Float64Array} tried
 * @param {MirrorPlane} plane
 */
function meanDistance(tree, tried, plane) {
  return meanNearest(tree, mirror(tried, plane));
}

/**
 * @param {Tree} tree
 * @param {Float64Array} queries
 */
function meanNearest(tree, queries) {
  let total = 0;
  for (let k = 0; k < queries.length; k += 3)
    total += tree.nearest(queries.subarray(k, k + 3), 1).distances[0];
  return (3 * total) / queries.length;
}

/** @param {Float64Array} points */
function extent(points) {
  const sides = [0, 1, 2].map((axis) => {
    let [low, high] = [Infinity, -Infinity];
    for (let k = axis; k < points.length; k += 3) {
      low = Math.min(low, points[k]);
      high = Math.max(high, points[k]);
    }
    return high - low;
  });
  return Math.max(...sides);
}

/**
 * The expected mean distance of surface points from the nearest of `targets`.
 *
 * @param {Float64Array} targets
 * @param {number} few
 */
function spacing(targets, few) {
  const half = (/** @type {number} */ odd) => targets.filter((_, k) => Math.floor(k / 3) % 2 === odd);
  return meanNearest(new Tree(half(1)), everyNth(half(0), few)) / Math.SQRT2;
}
