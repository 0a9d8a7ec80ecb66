/**
 * Thin parts that the photo shows and the field lacks; `reconstruction/rods.py`.
 *
 * @typedef {import("./ensemble.js").Field} Field
 * @typedef {import("./ensemble.js").Camera} Camera
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {object} RodConstants
 * @property {number} side
 * @property {number} thick
 * @property {number} depths
 * @property {number} nearest
 * @property {number} limit
 * @property {number} close
 * @property {number} slender
 * @property {number} bending
 * @property {number} rounds
 * @property {number} window
 * @property {number} leastRadius
 * @property {number} margin
 * @property {number} nowhere
 */

import { clip } from "../photo/numbers.js";
import { alongRays, linspace, look } from "./frame.js";
import { filtered, opened, sampled } from "./rayMaps.js";

/**
 * The height of the missing thin parts above the level at points, or null if nothing is missing.
 *
 * @param {Field} field
 * @param {number} level
 * @param {Camera} camera
 * @param {Uint8Array} mask (side, side)
 * @param {RodConstants} constants
 * @param {Frame} frame
 * @returns {Promise<((points: Float32Array) => Float64Array) | null>}
 */
export async function findRods(field, level, camera, mask, constants, frame) {
  const { side } = constants;
  const width = halfWidth(mask, side);
  const thick = opened(mask, constants.thick, side);
  const rays = [];
  for (let at = 0; at < mask.length; at++) if (mask[at] && !thick[at]) rays.push(at);
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
  const shown = new Float64Array(side * side);
  let lacking = false;
  rays.forEach((at, n) => {
    if (!slender[n] || highest[n] >= level + constants.close) return;
    if (highest[n] <= level - constants.limit) return;
    shown[at] = 1;
    lacking = true;
  });
  if (!lacking) return null;
  const thin = new Float64Array(side * side);
  for (const at of rays) thin[at] = width[at];
  const radius = filtered(thin, [5, 5], Math.max, 0, side).map((each) => each * (2 / side));
  const maps = [spread(shown, 0.5, side), chosen, radius];
  return (points) => heights(points, maps, camera, constants, frame);
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
 * The approximate distance to the edge of the mask, in rays, up to 6.
 *
 * @param {Uint8Array} mask
 * @param {number} side
 * @returns {Float64Array}
 */
function halfWidth(mask, side) {
  /** @type {Float64Array} */
  let left = Float64Array.from(mask);
  const found = new Float64Array(mask.length);
  for (let step = 0; step < 6; step++) {
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
    const weighted = new Float64Array(side * side);
    rays.forEach((at, n) => {
      let best = 0;
      for (let k = 1; k < count; k++)
        if (logits[n * count + k] - cost[n * count + k] > logits[n * count + best] - cost[n * count + best])
          best = k;
      highest[n] = logits[n * count + best];
      weight[at] = Math.exp(clip(highest[n] - level, -4, 1));
      weighted[at] = weight[at] * depths[best];
    });
    const total = spread(weight, window, side);
    chosen = spread(weighted, window, side).map((each, at) => each / Math.max(total[at], 1e-9));
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

/**
 * Blur (side, side) with a Gaussian window.
 *
 * @param {Float64Array} values
 * @param {number} deviation
 * @param {number} side
 * @returns {Float64Array}
 */
function spread(values, deviation, side) {
  const reach = Math.ceil(3 * deviation);
  const window = Float64Array.from({ length: 2 * reach + 1 }, (_, k) =>
    Math.exp(-0.5 * ((k - reach) / deviation) ** 2),
  );
  const total = window.reduce((a, b) => a + b);
  let found = values;
  for (const axis of [0, 1]) {
    const before = found;
    found = before.map((_, at) => {
      const place = axis === 0 ? Math.floor(at / side) : at % side;
      let sum = 0;
      for (let k = -reach; k <= reach; k++)
        if (place + k >= 0 && place + k < side)
          sum += before[at + k * (axis === 0 ? side : 1)] * window[k + reach];
      return sum / total;
    });
  }
  return found;
}
