/**
 * Smoothing of a field across neighbouring rays of the image; `reconstruction/smooth.py`.
 *
 * @typedef {object} SmoothConstants
 * @property {number} reach
 * @property {number} spread
 * @property {number} contrast
 * @property {number} clip
 * @property {number} beyond
 * @property {number} leastWeight
 * @property {number} solid
 * @property {number} step
 */

import { clip } from "../photo/numbers.js";
import { blurred, blurredMean } from "./rayMaps.js";
import { sigmoid } from "./threshold.js";

/**
 * Profiles (side, side, count) with those in the mask averaged with similar ones around them.
 *
 * @param {Float32Array} profiles
 * @param {Uint8Array} mask (side, side)
 * @param {number} level
 * @param {SmoothConstants} constants
 * @returns {Float32Array}
 */
export function smoothProfiles(profiles, mask, level, constants) {
  const { reach, spread, contrast, clip: most } = constants;
  const side = Math.round(Math.sqrt(mask.length));
  const count = profiles.length / mask.length;
  const compared = profiles.map((each) => clip(each - Math.fround(level), -most, most));
  const total = Float64Array.from(profiles);
  const weights = new Float64Array(mask.length).fill(1);
  for (let row = 0; row < side; row++)
    for (let column = 0; column < side; column++) {
      const here = row * side + column;
      if (!mask[here]) continue;
      for (let y = Math.max(0, row - reach); y <= Math.min(side - 1, row + reach); y++)
        for (let x = Math.max(0, column - reach); x <= Math.min(side - 1, column + reach); x++) {
          const there = y * side + x;
          if (there === here || !mask[there]) continue;
          let squares = 0;
          for (let k = 0; k < count; k++)
            squares += (compared[here * count + k] - compared[there * count + k]) ** 2;
          const near = ((y - row) ** 2 + (x - column) ** 2) / spread ** 2;
          const weight = Math.exp(-0.5 * (near + squares / count / contrast ** 2));
          for (let k = 0; k < count; k++)
            total[here * count + k] += weight * profiles[there * count + k];
          weights[here] += weight;
        }
    }
  return Float32Array.from(total, (each, k) => each / weights[Math.floor(k / count)]);
}

/**
 * Weights (side, side, count) of what is in front: how much of each sample is not hidden.
 *
 * @param {Float32Array} profiles
 * @param {number} count
 * @param {number} level
 * @param {SmoothConstants} constants
 */
export function inFront(profiles, count, level, { solid, step }) {
  const weights = new Float64Array(profiles.length);
  for (let k = profiles.length - 1; k >= 0; k--) {
    if (k % count === count - 1) weights[k] = 1;
    else weights[k] = weights[k + 1] * (1 - sigmoid((profiles[k + 1] - level - solid) / step));
  }
  return weights;
}

/**
 * Profiles with those just outside of the mask continued from inside.
 *
 * @param {Float32Array} profiles
 * @param {Uint8Array} mask
 * @param {SmoothConstants} constants
 */
export function continued(profiles, mask, { beyond, leastWeight }) {
  const side = Math.round(Math.sqrt(mask.length));
  const count = profiles.length / mask.length;
  const total = blurred(Float64Array.from(mask), beyond, side);
  const found = profiles.slice();
  for (let layer = 0; layer < count; layer++) {
    const own = total.map((_, ray) => profiles[ray * count + layer]);
    const means = blurredMean(own, mask, beyond, side);
    means.forEach((each, ray) => {
      if (!mask[ray] && total[ray] > leastWeight) found[ray * count + layer] = each;
    });
  }
  return found;
}
