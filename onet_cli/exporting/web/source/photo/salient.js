/**
 * Segmentation on any background by a network, in two passes; `shapes/photo_network.py`.
 *
 * @typedef {import("./resample.js").Picture} Picture
 * @typedef {import("./border.js").Cut} Cut
 * @typedef {[number, number, number, number]} Box Left, top, right, bottom.
 * @typedef {(input: Float32Array, side: number) => Promise<Float32Array>} Saliency
 *   From (3, side, side), normalised, to (side, side), 0 to 1.
 */

import { clip, roundHalfEven, sum } from "./numbers.js";
import { boxMean, label } from "./pixels.js";
import { crop, resizePicture, resizePlane } from "./resample.js";

export const FAR = 160;
export const NEAR = 256;
const MARGIN = 0.12;
const LEAST = 0.002;
export const SURE = 0.75;
const SEEN = 0.3;
const MINOR = 0.15;
const FAINT = 0.1;
const BEHIND = 0.01;
const MEAN = [0.485, 0.456, 0.406]; // of ImageNet
const DEVIATION = [0.229, 0.224, 0.225];

/**
 * The salient object in a picture, or null.
 *
 * @param {Picture} picture
 * @param {Saliency} saliency
 * @returns {Promise<Cut | null>}
 */
export async function cutByNetwork(picture, saliency) {
  const { width } = picture;
  const far = mainPieces(await look(picture, FAR, saliency), width, SEEN);
  const box = boxAround(far, width, SEEN);
  if (box === null) return null;
  const near = mainPieces(await lookInto(picture, box, NEAR, saliency), width, 0.5);
  if (sum(near.map((each) => (each > 0.5 ? 1 : 0))) / near.length < LEAST) return null;
  return asCut(picture, near, overlap(far, near) > SURE);
}

/**
 * @param {Picture} picture
 * @param {number} side
 * @param {Saliency} saliency
 * @returns {Promise<Float32Array>}
 */
async function look(picture, side, saliency) {
  const small = resizePicture(picture, side, side, "lanczos");
  const data = await saliency(normalised(small), side);
  return resizePlane({ width: side, height: side, data }, picture.width, picture.height).data;
}

/**
 * The saliency (H, W) computed within a box; 0 outside.
 *
 * @param {Picture} picture
 * @param {Box} box
 * @param {number} side Of the network's input.
 * @param {Saliency} saliency
 */
export async function lookInto(picture, box, side, saliency) {
  const [left, top, right] = box;
  const part = await look(crop(picture, box), side, saliency);
  const plane = new Float32Array(picture.width * picture.height);
  const wide = right - left;
  for (let at = 0; at < part.length; at++)
    plane[(top + Math.floor(at / wide)) * picture.width + left + (at % wide)] = part[at];
  return plane;
}

/**
 * Planes (3, H, W), normalised as in the network's training.
 *
 * @param {Picture} picture
 * @returns {Float32Array}
 */
function normalised({ data }) {
  const brightest = Math.max(data.reduce((a, b) => Math.max(a, b), 0), 1);
  const count = data.length / 3;
  return Float32Array.from({ length: data.length }, (_, k) => {
    const c = Math.floor(k / count);
    return (data[3 * (k % count) + c] / brightest - MEAN[c]) / DEVIATION[c];
  });
}

/**
 * @param {Picture} picture
 * @param {Float32Array} salient
 * @param {boolean} certain
 * @returns {Cut}
 */
export function asCut(picture, salient, certain) {
  const weight = salient.map((each) => clip((each - FAINT) / (1 - 2 * FAINT), 0, 1));
  return { weight, certain, backdrop: behind(picture, weight), shaded: 0, white: false };
}

/**
 * The background's colour (H, W, 3) near each pixel, else the object's.
 *
 * @param {Picture} picture
 * @param {Float32Array} weight
 * @returns {Float32Array}
 */
function behind({ width, height, data }, weight) {
  const size = 2 * roundHalfEven(BEHIND * Math.max(width, height)) + 1;
  const outside = weight.map((each) => (each === 0 ? 1 : 0));
  const share = boxMean(outside, width, 1, size);
  const shown = Float32Array.from(data, (each, k) => each * outside[Math.floor(k / 3)]);
  const total = boxMean(shown, width, 3, size);
  return total.map((each, k) => {
    const known = share[Math.floor(k / 3)];
    return known > 1e-3 ? each / known : data[k];
  });
}

/**
 * The box of the pixels above `level`, wider by a margin; null if there are none.
 *
 * @param {Float32Array} salient
 * @param {number} width
 * @param {number} level
 * @returns {Box | null}
 */
export function boxAround(salient, width, level) {
  const height = salient.length / width;
  const rows = new Int32Array(height);
  const columns = new Int32Array(width);
  for (let at = 0; at < salient.length; at++)
    if (salient[at] > level) {
      rows[Math.floor(at / width)]++;
      columns[at % width]++;
    }
  const many = (/** @type {number} */ count) => count > 1;
  const [top, left] = [rows.findIndex(many), columns.findIndex(many)];
  if (top < 0 || left < 0) return null;
  const [bottom, right] = [rows.findLastIndex(many) + 1, columns.findLastIndex(many) + 1];
  const more = roundHalfEven(MARGIN * Math.max(right - left, bottom - top)) + 1;
  return [
    Math.max(left - more, 0),
    Math.max(top - more, 0),
    Math.min(right + more, width),
    Math.min(bottom + more, height),
  ];
}

/**
 * `salient` without the pieces above `level` that are small or far from the middle.
 *
 * @param {Float32Array} salient
 * @param {number} width
 * @param {number} level
 * @returns {Float32Array}
 */
export function mainPieces(salient, width, level) {
  const height = salient.length / width;
  const { pieces, count } = label(
    Uint8Array.from(salient, (each) => (each > level ? 1 : 0)),
    width,
  );
  if (count < 2) return salient;
  const sizes = new Float64Array(count + 1);
  const unit = (/** @type {number} */ k, /** @type {number} */ n) => (n > 1 ? (2 * k) / (n - 1) - 1 : -1);
  for (let at = 0; at < pieces.length; at++) {
    const [x, y] = [unit(at % width, width), unit(Math.floor(at / width), height)];
    sizes[pieces[at]] += Math.exp(-(x * x + y * y) / 0.5);
  }
  sizes[0] = Infinity;
  const least = MINOR * sizes.subarray(1).reduce((a, b) => Math.max(a, b), 0);
  return salient.map((each, at) => (sizes[pieces[at]] < least ? 0 : each));
}

/**
 * The IoU of what is above 1/2.
 *
 * @param {Float32Array} one
 * @param {Float32Array} other
 */
export function overlap(one, other) {
  let [both, either] = [0, 0];
  for (let at = 0; at < one.length; at++) {
    const [a, b] = [one[at] > 0.5, other[at] > 0.5];
    both += a && b ? 1 : 0;
    either += a || b ? 1 : 0;
  }
  return both / Math.max(either, 1);
}
