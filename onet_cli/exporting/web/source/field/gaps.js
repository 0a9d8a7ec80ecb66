/**
 * Surfaces that the photo shows and the field has slightly below the level;
 * `reconstruction/gaps.py`.
 *
 * @typedef {import("./ensemble.js").Field} Field
 * @typedef {import("./ensemble.js").Camera} Camera
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./outline.js").OutlineFit} OutlineFit
 * @typedef {object} GapConstants
 * @property {number} thick
 * @property {number} margin
 * @property {number} limit
 */

import { clip } from "../photo/numbers.js";
import { look } from "./frame.js";
import { opened, sampled } from "./rayMaps.js";

/**
 * How far the field is to be raised along each ray (side, side), and the share of the mask in which
 * it is below the level; null if nothing is missing.
 *
 * @param {OutlineFit} fit
 * @param {number} level
 * @param {GapConstants} constants
 * @returns {{raised: Float64Array, share: number} | null}
 */
export function findGaps({ rays, mask }, level, { thick, margin, limit }) {
  const part = opened(mask, [thick, thick], Math.round(Math.sqrt(mask.length)));
  let closed = 0;
  const raised = Float64Array.from(rays.front, (each, at) => {
    const [highest, missing] = [rays.highest[at] - level, margin - (each - level)];
    if (!part[at] || missing > limit) return 0;
    if (highest < 0) closed++;
    return clip(1 - highest / margin, 0, 1) * Math.max(missing, 0);
  });
  const share = closed / mask.reduce((total, each) => total + each, 0);
  return raised.some((each) => each > 0) ? { raised, share } : null;
}

/**
 * The field, raised where it is to be.
 *
 * @param {Field} field
 * @param {Float64Array} raised (side, side)
 * @param {Camera} camera
 * @param {Frame} frame
 * @returns {Field}
 */
export function withGaps(field, raised, camera, frame) {
  const side = Math.round(Math.sqrt(raised.length));
  return async (points) => {
    const logits = await field(points);
    const seen = look(points, camera, frame);
    for (let n = 0; n < logits.length; n++)
      logits[n] += Math.fround(sampled(raised, seen[3 * n], seen[3 * n + 1], side));
    return logits;
  };
}
