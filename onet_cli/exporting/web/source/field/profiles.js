/**
 * Changes of a field along the rays of the image: smoothed surfaces and closed gaps;
 * `reconstruction/profiles.py` and `reconstruction/profile_change.py`.
 *
 * @typedef {import("./ensemble.js").Field} Field
 * @typedef {import("./ensemble.js").Camera} Camera
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./gaps.js").GapConstants} GapConstants
 * @typedef {import("./outline.js").OutlineConstants} OutlineConstants
 * @typedef {import("./outline.js").OutlineFit} OutlineFit
 * @typedef {import("./smooth.js").SmoothConstants} SmoothConstants
 * @typedef {object} ProfileConstants
 * @property {number} soft
 * @property {number} broad
 * @property {number} inner
 * @property {number} steep
 * @property {number} ramp
 * @property {number} nowhere
 * @property {number} outside
 */

import { clip } from "../photo/numbers.js";
import { look } from "./frame.js";
import { findGaps } from "./gaps.js";
import { coverage } from "./outline.js";
import { blurredInside, opened } from "./rayMaps.js";
import { continued, inFront, smoothProfiles } from "./smooth.js";

const KINDS = 3; // what is added, profiles to raise to, and the greatest height of that

/**
 * @typedef {object} ChangedProfiles
 * @property {Float32Array} profiles (side, side, depths)
 * @property {Float32Array | null} volume (side, side, depths, 3), null where nothing changes.
 * @property {number | null} share Of the mask in which the field was below the level.
 */

/**
 * The profiles of a field, smoothed and with gaps closed, each if requested.
 *
 * @param {OutlineFit} fit
 * @param {number} level
 * @param {Uint8Array} mask (S, S)
 * @param {{smooth: boolean, gaps: boolean}} wanted
 * @param {{outline: OutlineConstants, smooth: SmoothConstants, gaps: GapConstants, profiles: ProfileConstants}} constants
 * @returns {ChangedProfiles}
 */
export function changeProfiles(fit, level, mask, wanted, constants) {
  const own = fit.rays.samples;
  if (!wanted.smooth && !wanted.gaps) return { profiles: own, volume: null, share: null };
  const { outline, smooth, gaps } = constants;
  const { soft, broad, inner, steep, ramp, nowhere } = constants.profiles;
  const { side, depths: count, front: below } = outline;
  const covered = blurredInside(coverage(mask, side), soft, side);
  const smoothed = wanted.smooth ? smoothProfiles(own, fit.mask, level, smooth) : own;
  const wide = opened(fit.mask, [broad, broad], side);
  const weights = inFront(smoothed, count, level, smooth);
  const found = wanted.gaps
    ? findGaps(smoothed, raisedBy(fit.rays, smoothed), fit.mask, level, below, gaps)
    : null;
  const beyond = found ? continued(smoothed, fit.mask, smooth) : null;
  const profiles = new Float32Array(own.length);
  const volume = new Float32Array(KINDS * own.length);
  for (let k = 0; k < own.length; k++) {
    const ray = Math.floor(k / count);
    const inside = wide[ray] * clip((covered[ray] - 0.5) / inner, 0, 1);
    const added = inside * weights[k] * (smoothed[k] - own[k]);
    const raised = found && beyond ? beyond[k] + found.raised[ray] : nowhere;
    const over = found ? Math.min(2 * covered[ray] - 1, found.raised[ray] / ramp - 1) : 0;
    const height = steep * over;
    volume.set([added, raised, height], KINDS * k);
    profiles[k] = Math.max(own[k] + added, Math.min(raised, level + height));
  }
  return { profiles, volume, share: found?.share ?? null };
}

/**
 * The densely sampled maxima along rays, moved as those of their profiles are.
 *
 * @param {import("./outline.js").Peaks} rays
 * @param {Float32Array} smoothed
 */
function raisedBy({ highest, samples }, smoothed) {
  const count = samples.length / highest.length;
  const most = (/** @type {Float32Array} */ profiles, /** @type {number} */ ray) =>
    profiles.subarray(ray * count, (ray + 1) * count).reduce((a, b) => Math.max(a, b));
  return Float64Array.from(
    highest,
    (each, ray) => each + Math.fround(most(smoothed, ray) - most(samples, ray)),
  );
}

/**
 * The field with a change.
 *
 * @param {Field} field
 * @param {Float32Array} volume (side, side, depths, 3)
 * @param {number} level
 * @param {Camera} camera
 * @param {{outline: OutlineConstants, frame: Frame, profiles: ProfileConstants}} constants
 * @returns {Field}
 */
export function withChange(field, volume, level, camera, { outline, frame, profiles }) {
  const sample = sampler(volume, outline, profiles.outside);
  return async (points) => {
    const logits = await field(points);
    const seen = look(points, camera, frame);
    for (let n = 0; n < logits.length; n++) {
      const [added, raised, height] = sample(seen[3 * n], seen[3 * n + 1], seen[3 * n + 2]);
      logits[n] = Math.max(logits[n] + added, Math.min(raised, level + height));
    }
    return logits;
  };
}

/**
 * A function that looks up a volume, trilinearly, where a point is seen and how near it is.
 *
 * @param {Float32Array} volume
 * @param {OutlineConstants} constants
 * @param {number} outsideFall
 * @returns {(x: number, y: number, near: number) => Float64Array}
 */
function sampler(volume, { side, depths: count, nearest }, outsideFall) {
  const out = new Float64Array(KINDS);
  return (x, y, near) => {
    const [down, across] = [(y + 1) * (side / 2) - 0.5, (x + 1) * (side / 2) - 0.5];
    const away = (near + nearest) * ((count - 1) / (2 * nearest));
    const row = clip(down, 0, side - 1);
    const column = clip(across, 0, side - 1);
    const layer = clip(away, 0, count - 1);
    const beyond = (/** @type {number} */ at) => Math.max(-0.5 - at, at - side + 0.5);
    const outside = Math.max(beyond(down), beyond(across), -away, away - count + 1, 0);
    const i = Math.min(Math.floor(row), side - 2);
    const j = Math.min(Math.floor(column), side - 2);
    const d = Math.min(Math.floor(layer), count - 2);
    out.fill(0);
    for (let corner = 0; corner < 8; corner++) {
      const [a, b, c] = [corner >> 2, (corner >> 1) & 1, corner & 1];
      const weight =
        (a ? row - i : 1 - row + i) *
        (b ? column - j : 1 - column + j) *
        (c ? layer - d : 1 - layer + d);
      const start = KINDS * (((i + a) * side + j + b) * count + d + c);
      for (let kind = 0; kind < KINDS; kind++) out[kind] += weight * volume[start + kind];
    }
    out[0] *= Math.max(1 - outside, 0);
    out[2] -= outsideFall * outside;
    return out;
  };
}
