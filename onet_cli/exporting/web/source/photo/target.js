/**
 * The object that was meant: by a pixel of it, or a box around it; `shapes/photo_target.py`.
 *
 * @typedef {import("./resample.js").Picture} Picture
 * @typedef {import("./border.js").Cut} Cut
 * @typedef {import("./salient.js").Box} Box
 * @typedef {import("./salient.js").Saliency} Saliency
 * @typedef {object} Target Places in pixels.
 * @property {[number, number][]} clicks (x, y), all on the object.
 * @property {Box | null} box Around it; may be fractional.
 */

import { roundHalfEven, sum } from "./numbers.js";
import { grow, label } from "./pixels.js";
import {
  asCut,
  boxAround,
  cutByNetwork,
  FAR,
  lookInto,
  mainPieces,
  NEAR,
  overlap,
  SURE,
} from "./salient.js";

export const AROUND = 0.06; // margin around a box: the network expects some background
const WINDOWS = [0.6, 0.35, 0.2]; // edges of the windows around a click
const NEAR_ENOUGH = 0.03; // maximum distance of a click from the object
const GAP = 0.012; // width of gaps that do not separate an object
const FULL = 0.9; // share of a window above which the found area is not an object in it

/**
 * The same target relative to a corner, scaled.
 *
 * @param {Target} target
 * @param {[number, number]} corner
 * @param {[number, number]} share
 * @returns {Target}
 */
export function moved({ clicks, box }, corner, share) {
  const move = (/** @type {number} */ value, /** @type {number} */ k) =>
    (value - corner[k % 2]) * share[k % 2];
  return {
    clicks: clicks.map((click) => /** @type {[number, number]} */ (click.map(move))),
    box: box && /** @type {Box} */ (box.map(move)),
  };
}

/**
 * The weight of only the object that was meant; null if there is none.
 *
 * @param {Float32Array} weight (H, W)
 * @param {number} width
 * @param {Target} target
 * @returns {Float32Array | null}
 */
export function keepTarget(weight, width, { clicks, box }) {
  const height = weight.length / width;
  const solidOf = (/** @type {Float32Array} */ values) =>
    Uint8Array.from(values, (each) => (each > 0.5 ? 1 : 0));
  if (box) {
    const [left, top, right, bottom] = whole(box, width, height);
    weight = weight.map((each, at) => {
      const [x, y] = [at % width, Math.floor(at / width)];
      return x >= left && x < right && y >= top && y < bottom ? each : 0;
    });
  }
  if (clicks.length) {
    const solid = solidOf(weight);
    const reach = Math.max(1, roundHalfEven(GAP * Math.max(width, height)));
    const { pieces } = label(grow(solid, width, reach), width);
    const hit = new Set(clicks.map((click) => pieceAt(pieces, solid, width, click)));
    if (hit.has(0)) return null;
    weight = weight.map((each, at) => (hit.has(pieces[at]) ? each : 0));
  }
  return weight.some((each) => each > 0.5) ? weight : null;
}

/**
 * The piece at a click, or the nearest one close by; 0 if none.
 *
 * @param {Int32Array} pieces
 * @param {Uint8Array} solid
 * @param {number} width
 * @param {[number, number]} click
 */
function pieceAt(pieces, solid, width, click) {
  const height = solid.length / width;
  const reach = Math.max(1, roundHalfEven(NEAR_ENOUGH * Math.max(width, height)));
  const [x, y] = click.map(Math.trunc);
  let [best, nearest] = [0, Infinity];
  for (let v = Math.max(y - reach, 0); v < Math.min(y + reach + 1, height); v++)
    for (let u = Math.max(x - reach, 0); u < Math.min(x + reach + 1, width); u++) {
      const away = Math.hypot(u - x, v - y);
      if (solid[v * width + u] && away < nearest) [best, nearest] = [pieces[v * width + u], away];
    }
  return best;
}

/**
 * The object that was meant, on any background; null if nothing stands out there.
 *
 * @param {Picture} picture
 * @param {Target} target
 * @param {Saliency} saliency
 * @returns {Promise<Cut | null>}
 */
export async function cutTarget(picture, target, saliency) {
  const { width, height } = picture;
  if (target.box) return cutInBox(picture, target, whole(target.box, width, height), saliency);
  const seen = await cutByNetwork(picture, saliency);
  const kept = seen && keepTarget(seen.weight, width, target);
  if (seen && kept) return { ...seen, weight: kept };
  for (const share of WINDOWS) {
    const window = windowAround(target, share * Math.max(width, height), width, height);
    const found = keepTarget(await lookInto(picture, window, NEAR, saliency), width, target);
    if (found && fits(found, window, width))
      return asCut(picture, await closer(picture, found, target, saliency), false);
  }
  return null;
}

/**
 * @param {Picture} picture
 * @param {Target} target
 * @param {Box} box
 * @param {Saliency} saliency
 * @returns {Promise<Cut | null>}
 */
async function cutInBox(picture, target, box, saliency) {
  const { width, height } = picture;
  const [left, top, right, bottom] = box;
  const more = roundHalfEven(AROUND * Math.max(right - left, bottom - top)) + 1;
  const around = whole([left - more, top - more, right + more, bottom + more], width, height);
  let near = await lookInto(picture, around, NEAR, saliency);
  const far = await lookInto(picture, around, FAR, saliency);
  if (!target.clicks.length) near = withoutNeighbours(near, box, width);
  const kept = keepTarget(near, width, target);
  if (kept === null) return null;
  const again = keepTarget(far, width, target);
  return asCut(picture, kept, again !== null && overlap(again, kept) > SURE);
}

/**
 * The saliency in a box without the edges of neighbouring objects.
 *
 * @param {Float32Array} salient
 * @param {Box} box
 * @param {number} width
 */
function withoutNeighbours(salient, [left, top, right, bottom], width) {
  const wide = right - left;
  const inside = new Float32Array(wide * (bottom - top));
  const at = (/** @type {number} */ k) => (top + Math.floor(k / wide)) * width + left + (k % wide);
  for (let k = 0; k < inside.length; k++) inside[k] = salient[at(k)];
  mainPieces(inside, wide, 0.5).forEach((each, k) => (salient[at(k)] = each));
  return salient;
}

/**
 * A close-up's result, if it contains the target.
 *
 * @param {Picture} picture
 * @param {Float32Array} found
 * @param {Target} target
 * @param {Saliency} saliency
 */
async function closer(picture, found, target, saliency) {
  const box = boxAround(found, picture.width, 0.5);
  if (box === null) return found;
  const near = await lookInto(picture, box, NEAR, saliency);
  return keepTarget(near, picture.width, target) ?? found;
}

/**
 * Whether an object does not fill its window.
 *
 * @param {Float32Array} weight
 * @param {Box} window
 * @param {number} width
 */
function fits(weight, [left, top, right, bottom], width) {
  let count = 0;
  for (let y = top; y < bottom; y++)
    count += sum(weight.subarray(y * width + left, y * width + right).map((each) => (each > 0.5 ? 1 : 0)));
  return count / ((right - left) * (bottom - top)) < FULL;
}

/**
 * A square around the clicks, larger if they are farther apart.
 *
 * @param {Target} target
 * @param {number} edge
 * @param {number} width
 * @param {number} height
 * @returns {Box}
 */
function windowAround({ clicks }, edge, width, height) {
  const ends = [0, 1].map((c) => {
    const along = clicks.map((click) => click[c]);
    return [Math.min(...along), Math.max(...along)];
  });
  const half = Math.max(edge, ...ends.map(([low, high]) => 1.5 * (high - low))) / 2;
  const [x, y] = ends.map(([low, high]) => (low + high) / 2);
  return whole([x - half, y - half, x + half, y + half], width, height);
}

/**
 * A box in integer pixels, at least one on each side.
 *
 * @param {Box} box
 * @param {number} width
 * @param {number} height
 * @returns {Box}
 */
function whole(box, width, height) {
  const left = Math.min(Math.max(Math.trunc(box[0]), 0), width - 1);
  const top = Math.min(Math.max(Math.trunc(box[1]), 0), height - 1);
  return [
    left,
    top,
    Math.min(Math.max(Math.ceil(box[2]), left + 1), width),
    Math.min(Math.max(Math.ceil(box[3]), top + 1), height),
  ];
}
