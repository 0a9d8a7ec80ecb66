/**
 * Maps with a value per ray of the image; `reconstruction/ray_maps.py`.
 */

import { clip } from "../photo/numbers.js";

/**
 * A map at a place, -1 to 1: bilinear, 0 outside.
 *
 * @param {Float64Array} map
 * @param {number} x
 * @param {number} y
 * @param {number} side
 */
export function sampled(map, x, y, side) {
  const place = (/** @type {number} */ at) => clip((at + 1) * (side / 2) + 0.5, 0, side + 1 - 1e-9) - 1;
  const [across, down] = [place(x), place(y)];
  const [column, row] = [Math.floor(across), Math.floor(down)];
  const [right, below] = [across - column, down - row];
  const read = (/** @type {number} */ r, /** @type {number} */ c) =>
    r >= 0 && c >= 0 && r < side && c < side ? map[r * side + c] : 0;
  const upper = (1 - right) * read(row, column) + right * read(row, column + 1);
  const lower = (1 - right) * read(row + 1, column) + right * read(row + 1, column + 1);
  return (1 - below) * upper + below * lower;
}

/**
 * Morphological opening with a window of odd sides (down, across).
 *
 * @param {Uint8Array} mask
 * @param {[number, number]} window
 * @param {number} side
 * @returns {Float64Array}
 */
export function opened(mask, window, side) {
  const eroded = filtered(Float64Array.from(mask), window, Math.min, 0, side);
  return filtered(eroded, window, Math.max, 0, side);
}

/**
 * The least or largest of `values` in a window of odd sides (down, across) around each.
 *
 * @param {Float64Array} values
 * @param {[number, number]} window
 * @param {(...values: number[]) => number} choose
 * @param {number} outside
 * @param {number} side
 * @returns {Float64Array}
 */
export function filtered(values, window, choose, outside, side) {
  let found = values;
  window.forEach((size, axis) => {
    const reach = (size - 1) / 2;
    const before = found;
    found = before.map((each, at) => {
      const place = axis === 0 ? Math.floor(at / side) : at % side;
      let best = each;
      for (let step = -reach; step <= reach; step++) {
        const inside = place + step >= 0 && place + step < side;
        best = choose(best, inside ? before[at + step * (axis === 0 ? side : 1)] : outside);
      }
      return best;
    });
  });
  return found;
}

const LEAST_TOTAL = 1e-9; // of weights by which means are divided

/**
 * The means of `values` (side, side) by weights in the window of `blurred`.
 *
 * @param {Float64Array} values
 * @param {ArrayLike<number>} weights
 * @param {number} deviation
 * @param {number} side
 * @returns {Float64Array}
 */
export function blurredMean(values, weights, deviation, side) {
  const total = blurred(Float64Array.from(weights), deviation, side);
  const sums = blurred(
    values.map((each, at) => each * weights[at]),
    deviation,
    side,
  );
  return sums.map((each, at) => each / Math.max(total[at], LEAST_TOTAL));
}

/**
 * Blur (side, side) by means over the part of the window in the image.
 *
 * @param {Float64Array} values
 * @param {number} deviation
 * @param {number} side
 * @returns {Float64Array}
 */
export function blurredInside(values, deviation, side) {
  return blurredMean(values, new Float64Array(values.length).fill(1), deviation, side);
}

/**
 * Blur (side, side) with a Gaussian window.
 *
 * @param {Float64Array} values
 * @param {number} deviation
 * @param {number} side
 * @returns {Float64Array}
 */
export function blurred(values, deviation, side) {
  const reach = Math.ceil(3 * deviation);
  const window = Float64Array.from({ length: 2 * reach + 1 }, (_, k) =>
    Math.exp(-0.5 * ((k - reach) / deviation) ** 2),
  );
  const total = window.reduce((a, b) => a + b);
  let found = values;
  for (const axis of [0, 1]) {
    const before = found;
    found = before.map((_, at) => {
      const place = axis === 0 ? Math.floor(at / side) : at % side;
      let sum = 0;
      for (let k = -reach; k <= reach; k++)
        if (place + k >= 0 && place + k < side)
          sum += before[at + k * (axis === 0 ? side : 1)] * window[k + reach];
      return sum / total;
    });
  }
  return found;
}
