/**
 * Surfaces that the photo shows and the field has slightly below the level;
 * `reconstruction/gaps.py`.
 *
 * @typedef {object} GapConstants
 * @property {number} thick
 * @property {number} margin
 * @property {number} limit
 * @property {number} window
 */

import { clip } from "../photo/numbers.js";
import { frontPeaks } from "./outline.js";
import { blurredInside, filtered, opened } from "./rayMaps.js";

/**
 * The raise that closes the gaps (side, side), and the share of the mask in which the field is
 * below the level.
 *
 * @param {Float32Array} profiles (side, side, count)
 * @param {Float64Array} highest (side, side) maxima, sampled more densely.
 * @param {Uint8Array} mask (side, side)
 * @param {number} level
 * @param {number} below Maximum difference of a peak from the ray's maximum.
 * @param {GapConstants} constants
 * @returns {{raised: Float64Array, share: number}}
 */
export function findGaps(profiles, highest, mask, level, below, { thick, margin, limit, window }) {
  const side = Math.round(Math.sqrt(mask.length));
  const count = profiles.length / mask.length;
  const peaks = frontPeaks(profiles, count, below);
  const part = opened(mask, [thick, thick], side);
  let closed = 0;
  const lacking = Float64Array.from(peaks, (peak, ray) => {
    const height = highest[ray] - level;
    const missing = margin - (profiles[ray * count + peak] - level);
    if (!part[ray] || missing > limit) return 0;
    if (height < 0) closed++;
    return clip(1 - height / margin, 0, 1) * Math.max(missing, 0);
  });
  const wide = opened(Uint8Array.from(lacking, (each) => Number(each > 0)), [thick, thick], side);
  const near = filtered(wide, [3, 3], Math.max, 0, side);
  const around = lacking.map((each, ray) => (near[ray] ? each : 0));
  const raised = blurredInside(filtered(around, [3, 3], Math.max, 0, side), window, side);
  return { raised, share: closed / mask.reduce((total, each) => total + each, 0) };
}
