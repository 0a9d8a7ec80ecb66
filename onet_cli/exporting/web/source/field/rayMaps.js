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
 * Morphological opening with a square.
 *
 * @param {Uint8Array} mask
 * @param {number} edge
 * @param {number} side
 * @returns {Float64Array}
 */
export function opened(mask, edge, side) {
  const eroded = filtered(Float64Array.from(mask), [edge, edge], Math.min, 0, side);
  return filtered(eroded, [edge, edge], Math.max, 0, side);
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
