/**
 * The threshold with the highest expected IoU for a field; `reconstruction/threshold.py`.
 *
 * @typedef {import("./ensemble.js").Field} Field
 * @typedef {object} Spread Quasi-random points, by the constants of a Sobol sequence.
 * @property {number} points
 * @property {number} bits
 * @property {number[]} shifts
 * @property {number[][]} directions
 * @property {number} lowest Least threshold over the usual one.
 */

/** @param {number} threshold */
export function logit(threshold) {
  return Math.log(threshold) - Math.log1p(-threshold);
}

/** @param {number} value */
export function sigmoid(value) {
  return 1 / (1 + Math.exp(-value));
}

/**
 * Points (N, 3) that fill the cube of `edge` evenly.
 *
 * @param {Spread} spread
 * @param {number} edge
 * @returns {Float32Array}
 */
export function spreadPoints({ points, bits, shifts, directions }, edge) {
  const places = new Float32Array(3 * points);
  for (let n = 0; n < points; n++) {
    const gray = n ^ (n >> 1);
    for (let axis = 0; axis < 3; axis++) {
      let word = shifts[axis];
      for (let bit = 0; bit < directions[axis].length; bit++)
        if ((gray >> bit) & 1) word ^= directions[axis][bit];
      const unit = Math.fround(Math.fround(word) * 2 ** -bits);
      places[3 * n + axis] = Math.fround(unit - 0.5) * edge;
    }
  }
  return places;
}

/**
 * @param {Field} field
 * @param {Spread} spread
 * @param {number} edge
 * @param {[number, number]} platt Scale and shift of the logits.
 * @param {number} usual The checkpoint's threshold.
 * @returns {Promise<number>} A probability.
 */
export async function adaptedThreshold(field, spread, edge, platt, usual) {
  const logits = falling(await field(spreadPoints(spread, edge)));
  return bestCut(logits, platt, spread.lowest * usual);
}

/**
 * @param {Float32Array} logits
 * @returns {Float64Array} Descending.
 */
export function falling(logits) {
  return Float64Array.from(logits).sort().reverse();
}

/**
 * @param {Float64Array} logits Descending.
 * @param {[number, number]} platt
 * @param {number} least
 * @returns {number}
 */
export function bestCut(logits, platt, least) {
  const expected = expectedIou(logits, platt);
  let best = 0;
  for (let k = 1; k < expected.length; k++) if (expected[k] > expected[best]) best = k;
  return Math.max(sigmoid(logits[best]), least);
}

/**
 * The expected IoU of the k + 1 most probable points.
 *
 * @param {Float64Array} logits Descending.
 * @param {[number, number]} platt
 * @returns {Float64Array}
 */
function expectedIou(logits, [scale, shift]) {
  const inside = logits.map((each) => sigmoid(scale * each + shift));
  for (let k = 1; k < inside.length; k++) inside[k] += inside[k - 1];
  const all = inside[inside.length - 1];
  return inside.map((each, k) => each / (k + 1 + all - each));
}

/**
 * The expected IoU of what is at or above a level.
 *
 * @param {Float64Array} logits Descending.
 * @param {[number, number]} platt
 * @param {number} level
 */
export function expectedAtLevel(logits, platt, level) {
  let taken = 0;
  while (taken < logits.length && logits[taken] >= level) taken++;
  return taken ? expectedIou(logits, platt)[taken - 1] : 0;
}
