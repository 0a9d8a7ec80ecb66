/** Holes in pictures, filled from their surroundings; `geometry/inpaint.py`. */

/**
 * Colours (side, side, 3) from colours times weights, and the weights (side, side), in [0, 1].
 *
 * @param {Float32Array} weighted
 * @param {Float32Array} known
 * @param {number} side
 * @returns {Float32Array}
 */
export function fillHoles(weighted, known, side) {
  if (side % 2 || side === 0) return filledByMean(weighted, known);
  const sums = quarters(known, side, 1);
  const coarse = quarters(weighted, side, 3);
  for (let at = 0; at < sums.length; at++) {
    const excess = Math.max(sums[at], 1);
    for (let c = 0; c < 3; c++) coarse[3 * at + c] /= excess;
    sums[at] /= excess;
  }
  const around = twice(fillHoles(coarse, sums, side / 2), side / 2);
  return around.map((each, k) => each * (1 - known[Math.floor(k / 3)]) + weighted[k]);
}

/**
 * @param {Float32Array} weighted
 * @param {Float32Array} known
 */
function filledByMean(weighted, known) {
  const total = Math.max(
    known.reduce((a, b) => a + b, 0),
    1e-6,
  );
  const mean = [0, 1, 2].map((c) => {
    let sum = 0;
    for (let k = c; k < weighted.length; k += 3) sum += weighted[k];
    return sum / total;
  });
  return weighted.map((each, k) => each + (1 - known[Math.floor(k / 3)]) * mean[k % 3]);
}

/**
 * The sums of 2 x 2 pixels.
 *
 * @param {Float32Array} values (side, side, channels)
 * @param {number} side
 * @param {number} channels
 */
function quarters(values, side, channels) {
  const half = side / 2;
  const found = new Float32Array(half * half * channels);
  for (let at = 0; at < side * side; at++) {
    const place = (Math.floor(at / side) >> 1) * half + ((at % side) >> 1);
    for (let c = 0; c < channels; c++) found[place * channels + c] += values[at * channels + c];
  }
  return found;
}

/**
 * A picture (side, side, 3) at twice its size, linear between the middles of pixels.
 *
 * @param {Float32Array} picture
 * @param {number} side
 */
function twice(picture, side) {
  const large = 2 * side;
  const found = new Float32Array(large * large * 3);
  const share = (/** @type {number} */ at) => {
    const near = at >> 1;
    return [near, Math.min(Math.max(near + (at & 1 ? 1 : -1), 0), side - 1)];
  };
  for (let y = 0; y < large; y++) {
    const [row, otherRow] = share(y);
    for (let x = 0; x < large; x++) {
      const [column, otherColumn] = share(x);
      for (let c = 0; c < 3; c++) {
        const read = (/** @type {number} */ r, /** @type {number} */ q) => picture[3 * (r * side + q) + c];
        found[3 * (y * large + x) + c] =
          0.75 * (0.75 * read(row, column) + 0.25 * read(row, otherColumn)) +
          0.25 * (0.75 * read(otherRow, column) + 0.25 * read(otherRow, otherColumn));
      }
    }
  }
  return found;
}
