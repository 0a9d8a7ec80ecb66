/**
 * Bridges between the pieces of a solid; `geometry/bridges.py` and `ext/bridges.pyx`.
 *
 * @typedef {object} BridgeConstants
 * @property {number} leastPiece
 * @property {number} stepCost
 * @property {number} margin
 * @property {number} width
 */

import { Heap } from "./heap.js";

/**
 * The field to add to `logits` to join the pieces; null if there is nothing to add.
 *
 * @param {Float32Array} logits (N^3), -Infinity where unknown and low.
 * @param {number} level
 * @param {number} limit Maximum deficit on a path.
 * @param {BridgeConstants} constants
 * @returns {Float32Array | null}
 */
export function liftGaps(logits, level, limit, constants) {
  const size = Math.round(Math.cbrt(logits.length));
  const least = labelPieces(logits, size, Math.fround(level));
  /** @type {Map<number, number>} */
  const sizes = new Map();
  for (const each of least) if (each >= 0) sizes.set(each, (sizes.get(each) ?? 0) + 1);
  if (sizes.size < 2) return null;
  const pieces = [...sizes.keys()].sort((a, b) => a - b);
  let start = pieces[0];
  let total = 0;
  for (const piece of pieces) {
    const count = /** @type {number} */ (sizes.get(piece));
    total += count;
    if (count > /** @type {number} */ (sizes.get(start))) start = piece;
  }
  const { cost, before } = floodLattice(logits, size, least, start, level, limit, constants);
  const lift = new Float32Array(logits.length);
  let raised = false;
  for (const piece of pieces) {
    const small = /** @type {number} */ (sizes.get(piece)) < constants.leastPiece * total;
    if (small || !Number.isFinite(cost[piece])) continue;
    for (let point = piece; point >= 0; point = before[point])
      if (least[point] < 0) {
        raiseAround(lift, size, level - logits[point] + constants.margin, point, constants);
        raised = true;
      }
  }
  return raised ? lift : null;
}

/**
 * For each point the least one of its piece, connected along the axes; -1 outside.
 *
 * @param {Float32Array} logits
 * @param {number} size
 * @param {number} level
 * @returns {Int32Array}
 */
export function labelPieces(logits, size, level) {
  const least = new Int32Array(logits.length).fill(-1);
  const waiting = new Int32Array(logits.length);
  for (let seed = 0; seed < logits.length; seed++) {
    if (!(logits[seed] >= level) || least[seed] >= 0) continue;
    least[seed] = seed;
    let left = 0;
    waiting[left++] = seed;
    while (left) {
      const at = waiting[--left];
      for (const next of neighbours(at, size))
        if (logits[next] >= level && least[next] < 0) {
          least[next] = seed;
          waiting[left++] = next;
        }
    }
  }
  return least;
}

/**
 * @param {number} at
 * @param {number} size
 */
function neighbours(at, size) {
  const found = [];
  for (const stride of [size * size, size, 1]) {
    const place = Math.floor(at / stride) % size;
    if (place > 0) found.push(at - stride);
    if (place < size - 1) found.push(at + stride);
  }
  return found;
}

/**
 * The cost of the best way from piece `start` to each point, and the point before it.
 *
 * @param {Float32Array} logits
 * @param {number} size
 * @param {Int32Array} least
 * @param {number} start
 * @param {number} level
 * @param {number} limit
 * @param {BridgeConstants} constants
 */
function floodLattice(logits, size, least, start, level, limit, { stepCost }) {
  const cost = new Float64Array(logits.length).fill(Infinity);
  const before = new Int32Array(logits.length).fill(-1);
  const heap = new Heap(cost);
  for (let at = 0; at < least.length; at++)
    if (least[at] === start) {
      cost[at] = 0;
      heap.add(at);
    }
  while (heap.count) {
    const point = heap.take();
    const lack = Math.max(level - logits[point], 0);
    for (const there of neighbours(point, size)) {
      if (logits[there] < level - limit) continue;
      let price = cost[point];
      if (least[point] < 0 || least[there] < 0)
        price += stepCost + (lack + Math.max(level - logits[there], 0)) / 2;
      if (price < cost[there]) {
        cost[there] = price;
        before[there] = point;
        heap.add(there);
      }
    }
  }
  return { cost, before };
}

/**
 * @param {Float32Array} lift
 * @param {number} size
 * @param {number} height
 * @param {number} point
 * @param {BridgeConstants} constants
 */
function raiseAround(lift, size, height, point, { width }) {
  const reach = Math.trunc(3 * width);
  const middle = [Math.floor(point / size / size), Math.floor(point / size) % size, point % size];
  const [low, high] = [
    middle.map((at) => Math.max(at - reach, 0)),
    middle.map((at) => Math.min(at + reach, size - 1)),
  ];
  for (let x = low[0]; x <= high[0]; x++)
    for (let y = low[1]; y <= high[1]; y++)
      for (let z = low[2]; z <= high[2]; z++) {
        const away = (x - middle[0]) ** 2 + (y - middle[1]) ** 2 + (z - middle[2]) ** 2;
        const at = (x * size + y) * size + z;
        lift[at] = Math.max(lift[at], height * Math.exp(-away / (2 * width * width)));
      }
}
