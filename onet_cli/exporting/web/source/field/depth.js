/**
 * Bounds on the depth of what is seen at no sure depth; `reconstruction/depth.py`.
 *
 * @typedef {import("./bounds.js").BoundConstants} BoundConstants
 * @typedef {import("./bounds.js").Bounds} Bounds
 * @typedef {import("./ensemble.js").Camera} Camera
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./outline.js").OutlineConstants} OutlineConstants
 * @typedef {object} DepthConstants
 * @property {number} sure
 * @property {number} ramp
 * @property {number} thick
 * @property {number} deep
 * @property {number} spread
 * @property {number} window
 * @property {number} beside
 */

import { clip } from "../photo/numbers.js";
import { boundsOf, nearestEnds, reaches } from "./bounds.js";
import { linspace } from "./frame.js";
import { blurredMean, filtered, opened } from "./rayMaps.js";

/**
 * The bounds on the depth of a field, or null if it is sure of all depths.
 *
 * @param {Float32Array} profiles (side, side, depths)
 * @param {Uint8Array} mask (side, side)
 * @param {number} level
 * @param {Camera} camera
 * @param {{outline: OutlineConstants, depth: DepthConstants, bounds: BoundConstants, frame: Frame}} constants
 * @returns {Bounds | null}
 */
export function findBounds(profiles, mask, level, camera, { outline, depth, bounds, frame }) {
  const { side, depths: count, nearest } = outline;
  const highest = new Float64Array(side * side).fill(-Infinity);
  profiles.forEach((each, k) => {
    const ray = Math.floor(k / count);
    highest[ray] = Math.max(highest[ray], each);
  });
  const thick = opened(mask, [depth.thick, depth.thick], side);
  const own = highest.map((each, ray) =>
    thick[ray] ? clip((level + depth.sure + depth.ramp - each) / depth.ramp, 0, 1) : 0,
  );
  if (!own.some((each) => each > 0)) return null;
  const depths = linspace(-nearest, nearest, count);
  const centre = centres(profiles, depths, highest, level, mask, depth, side);
  const half = blurredMean(localHalfWidth(mask, side), mask, 1, side).map(
    (each) => depth.deep * each * (2 / side),
  );
  const ends = /** @type {(1 | -1)[]} */ ([-1, 1]).map((sign) => {
    const found = reaches(profiles, depths, Array.from(centre), level, sign, bounds);
    return nearestEnds(found, mask, 3, side, bounds);
  });
  const around = filtered(own, [depth.beside, depth.beside], Math.max, 0, side);
  const share = own.map((each, ray) => (mask[ray] ? each : around[ray]));
  return boundsOf([centre, half, share, ...ends], side, camera, bounds, frame);
}

/**
 * The smoothed mean depth of the field along each ray.
 *
 * @param {Float32Array} profiles (rays, depths)
 * @param {Float64Array} depths
 * @param {Float64Array} highest
 * @param {number} level
 * @param {Uint8Array} mask
 * @param {DepthConstants} constants
 * @param {number} side
 */
function centres(profiles, depths, highest, level, mask, { spread, window }, side) {
  const count = depths.length;
  const means = highest.map((most, ray) => {
    let [sum, total] = [0, 0];
    for (let k = 0; k < count; k++) {
      const weight = Math.exp((profiles[ray * count + k] - most) / spread);
      sum += weight * depths[k];
      total += weight;
    }
    return sum / total;
  });
  const sure = highest.map((most, ray) => mask[ray] * Math.exp(clip(most - level, -4, 1)));
  return blurredMean(means, sure, window, side);
}

/**
 * Half of the edge in rays of the largest square in the mask around each ray.
 *
 * @param {Uint8Array} mask
 * @param {number} side
 */
function localHalfWidth(mask, side) {
  const found = Float64Array.from(mask, (each) => (each ? 0.5 : 0));
  for (let half = 1; half < Math.floor(side / 2); half++) {
    const edge = 2 * half + 1;
    const inside = opened(mask, [edge, edge], side);
    if (!inside.some((each) => each)) break;
    inside.forEach((each, at) => {
      if (each) found[at] = half + 0.5;
    });
  }
  return found;
}
