/**
 * Thin parts: recovered where the field lacks them, and as deep as wide; `reconstruction/rods.py`.
 *
 * @typedef {import("./bounds.js").BoundConstants} BoundConstants
 * @typedef {import("./bounds.js").Bounds} Bounds
 * @typedef {import("./ensemble.js").Field} Field
 * @typedef {import("./ensemble.js").Camera} Camera
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {object} RodConstants
 * @property {number} side
 * @property {number} thick
 * @property {number} broad
 * @property {number} depths
 * @property {number} nearest
 * @property {number} limit
 * @property {number} sure
 * @property {number} close
 * @property {number} slender
 * @property {number} bending
 * @property {number} rounds
 * @property {number} window
 * @property {number} leastRadius
 * @property {number} margin
 * @property {number} widest
 * @property {number} deep
 * @property {number} beside
 * @property {number} nowhere
 *
 * @typedef {object} Rods
 * @property {(points: Float32Array) => Float64Array} heights Of rods above the level.
 * @property {Bounds} bounds Of the field where it has blades.
 */

import { clip } from "../photo/numbers.js";
import { boundsOf, nearestEnds, reaches } from "./bounds.js";
import { alongRays, linspace, look } from "./frame.js";
import { blurred, blurredMean, filtered, opened, sampled } from "./rayMaps.js";

/**
 * The rods that are missing in the field or blades in it, or null if there are none.
 *
 * @param {Field} field
 * @param {number} level
 * @param {Camera} camera
 * @param {Uint8Array} mask (side, side)
 * @param {RodConstants} constants
 * @param {BoundConstants} bounds
 * @param {Frame} frame
 * @returns {Promise<Rods | null>}
 */
export async function findRods(field, level, camera, mask, constants, bounds, frame) {
  const { side } = constants;
  const width = halfWidth(mask, constants.widest, side);
  const isThin = findThin(mask, constants);
  const rays = [];
  for (let at = 0; at < mask.length; at++) if (isThin[at]) rays.push(at);
  if (!rays.length) return null;
  const seen = rays.flatMap((at) => [
    ((at % side) + 0.5) * (2 / side) - 1,
    (Math.floor(at / side) + 0.5) * (2 / side) - 1,
  ]);
  const depths = linspace(-constants.nearest, constants.nearest, constants.depths);
  const logits = await field(
    alongRays(seen, (_, step) => depths[step], depths.length, camera, frame),
  );
  const { chosen, highest } = chooseDepths(rays, logits, depths, level, constants);
  const slender = areSlender(rays, width, constants);
  const [shown, unsure] = [0, 1].map(() => new Float64Array(side * side));
  rays.forEach((at, n) => {
    if (!slender[n] || highest[n] >= level + constants.sure) return;
    if (highest[n] <= level - constants.limit) return;
    unsure[at] = 1;
    if (highest[n] < level + constants.close) shown[at] = 1;
  });
  if (!unsure.some((each) => each)) return null;
  const thin = new Float64Array(side * side);
  for (const at of rays) thin[at] = width[at];
  const radius = filtered(thin, [5, 5], Math.max, 0, side).map((each) => each * (2 / side));
  const { beside, deep, leastRadius } = constants;
  const share = filtered(unsure, [beside, beside], Math.max, 0, side).map((each, at) =>
    mask[at] && !isThin[at] ? 0 : each,
  );
  const own = rays.map((at) => chosen[at]);
  const ends = /** @type {(1 | -1)[]} */ ([-1, 1]).map((sign) => {
    const found = new Float64Array(side * side);
    reaches(logits, depths, own, level, sign, bounds).forEach((end, n) => (found[rays[n]] = end));
    return nearestEnds(found, unsure, beside, side, bounds);
  });
  const half = radius.map((each) => deep * Math.max(each, leastRadius));
  const maps = [blurred(shown, 0.5, side), chosen, radius];
  return {
    heights: (points) => heights(points, maps, camera, constants, frame),
    bounds: boundsOf([chosen, half, share, ...ends], side, camera, bounds, frame),
  };
}

/**
 * @param {Float32Array} points (N, 3) in the cube.
 * @param {Float64Array[]} maps Rod mask, depth and radius per ray.
 * @param {Camera} camera
 * @param {RodConstants} constants
 * @param {Frame} frame
 * @returns {Float64Array}
 */
function heights(points, maps, camera, constants, frame) {
  const seen = look(points, camera, frame);
  const found = new Float64Array(points.length / 3);
  for (let n = 0; n < found.length; n++) {
    const [x, y, near] = seen.subarray(3 * n, 3 * n + 3);
    const [shown, axis, radius] = maps.map((map) => sampled(map, x, y, constants.side));
    const away = (near - axis) / Math.max(radius, constants.leastRadius);
    found[n] = shown > 0 ? constants.margin * (2 * shown - 1 - away * away) : constants.nowhere;
  }
  return found;
}

/**
 * Where the mask is thin.
 *
 * @param {Uint8Array} mask
 * @param {RodConstants} constants
 * @returns {boolean[]}
 */
function findThin(mask, { thick, broad, side }) {
  const square = opened(mask, [thick, thick], side);
  const row = opened(mask, [1, broad], side);
  const narrow = mask.map((each, at) => (each && !row[at] ? 1 : 0));
  const posts = opened(narrow, [broad, 1], side);
  return Array.from(mask, (each, at) => Boolean(each && (!square[at] || posts[at])));
}

/**
 * The approximate distance to the edge of the mask, in rays, up to `widest`.
 *
 * @param {Uint8Array} mask
 * @param {number} widest
 * @param {number} side
 * @returns {Float64Array}
 */
function halfWidth(mask, widest, side) {
  /** @type {Float64Array} */
  let left = Float64Array.from(mask);
  const found = new Float64Array(mask.length);
  for (let step = 0; step < widest; step++) {
    for (let at = 0; at < found.length; at++) found[at] += left[at];
    const across = filtered(left, [1, 3], Math.min, 1, side);
    const down = filtered(left, [3, 1], Math.min, 1, side);
    // Alternating cross and square elements approximate a disc by an octagon.
    left =
      step % 2
        ? across.map((each, at) => Math.min(each, down[at]))
        : filtered(across, [3, 1], Math.min, 1, side);
  }
  return found;
}

/**
 * The depth map of rods, and the logit of each ray at its depth.
 *
 * @param {number[]} rays
 * @param {Float32Array} logits (rays, depths)
 * @param {Float64Array} depths
 * @param {number} level
 * @param {RodConstants} constants
 */
function chooseDepths(rays, logits, depths, level, { side, rounds, window, bending }) {
  const count = depths.length;
  const cost = new Float64Array(logits.length);
  const highest = new Float64Array(rays.length);
  let chosen = new Float64Array(side * side);
  for (let round = 0; round < rounds; round++) {
    const weight = new Float64Array(side * side);
    const found = new Float64Array(side * side);
    rays.forEach((at, n) => {
      const gain = (/** @type {number} */ k) => logits[n * count + k] - cost[n * count + k];
      let best = 0;
      for (let k = 1; k < count; k++) if (gain(k) > gain(best)) best = k;
      highest[n] = logits[n * count + best];
      weight[at] = Math.exp(clip(highest[n] - level, -4, 1));
      found[at] = depths[best];
    });
    chosen = blurredMean(found, weight, window, side);
    rays.forEach((at, n) => {
      for (let k = 0; k < count; k++)
        cost[n * count + k] = bending * (depths[k] - chosen[at]) ** 2;
    });
  }
  return { chosen, highest };
}

/**
 * Which rays belong to an elongated 8-connected piece.
 *
 * @param {number[]} rays
 * @param {Float64Array} width
 * @param {RodConstants} constants
 * @returns {boolean[]}
 */
function areSlender(rays, width, { side, slender }) {
  const number = new Map(rays.map((at, n) => [at, n]));
  const piece = new Int32Array(rays.length).fill(-1);
  /** @type {boolean[]} */
  const verdicts = [];
  for (let seed = 0; seed < rays.length; seed++) {
    if (piece[seed] >= 0) continue;
    const waiting = [seed];
    let [size, widest] = [0, 0];
    piece[seed] = verdicts.length;
    while (waiting.length) {
      const at = rays[/** @type {number} */ (waiting.pop())];
      size++;
      widest = Math.max(widest, 2 * width[at]);
      for (let down = -1; down <= 1; down++)
        for (let right = -1; right <= 1; right++) {
          const column = (at % side) + right;
          const next = number.get(at + down * side + right);
          if (next === undefined || column < 0 || column >= side || piece[next] >= 0) continue;
          piece[next] = verdicts.length;
          waiting.push(next);
        }
    }
    verdicts.push(size >= slender * widest ** 2);
  }
  return Array.from(piece, (each) => verdicts[each]);
}
