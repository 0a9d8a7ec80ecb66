/**
 * The object in a photo: the methods and their order; `shapes/photo_find.py`.
 *
 * @typedef {import("./resample.js").Picture} Picture
 * @typedef {import("./border.js").Cut} Cut
 * @typedef {import("./salient.js").Saliency} Saliency
 * @typedef {import("./target.js").Target} Target
 * @typedef {{cut: Cut | null, method: string}} Found
 */

import { cutFromEvenBackground } from "./border.js";
import { sum } from "./numbers.js";
import { boxAround, cutByNetwork } from "./salient.js";
import { cutTarget, keepTarget } from "./target.js";

export const LEAST_AREA = 0.001;
export const SHADED_WHITE = 0.02;
const SHADED = 0.05;
const WHOLE = 0.98;

/**
 * @param {Picture} photo
 * @param {Picture} flat The same in RGB, on white.
 * @param {Saliency} saliency
 * @param {Float32Array} [painted]
 * @param {Target | null} [target]
 * @returns {Promise<Found>}
 */
export async function findObject(photo, flat, saliency, painted, target = null) {
  if (painted) return { cut: known(painted), method: "mask" };
  if (photo.channels === 4) {
    const weight = Float32Array.from({ length: flat.width * flat.height }, (_, at) =>
      Math.fround(photo.data[4 * at + 3] / 255),
    );
    if (count(weight) / weight.length < WHOLE)
      return narrowed({ cut: known(weight), method: "alpha" }, flat.width, target);
  }
  let even = cutFromEvenBackground(flat);
  // Before any checks: the network may find only another, larger object.
  if (target && even !== null) even = even.certain ? pieceOf(even, flat.width, target) : null;
  if (even === null) return { cut: await byNetwork(flat, saliency, target), method: "network" };
  const found = await beforeEven(flat, even, saliency, target);
  return target ? { ...found, cut: alone(found.cut) } : found;
}

/**
 * @param {Float32Array} weight
 * @returns {Cut}
 */
function known(weight) {
  return { weight, certain: true, backdrop: null, shaded: 0, white: false };
}

/** @param {Float32Array} weight */
function count(weight) {
  return sum(weight.map((each) => (each > 0.5 ? 1 : 0)));
}

/**
 * @param {Picture} flat
 * @param {Saliency} saliency
 * @param {Target | null} target
 */
function byNetwork(flat, saliency, target) {
  return target ? cutTarget(flat, target, saliency) : cutByNetwork(flat, saliency);
}

/**
 * The part of a cut that was meant, with only the shadows around it; null if there is none.
 *
 * @param {Cut} even
 * @param {number} width
 * @param {Target} target
 * @returns {Cut | null}
 */
function pieceOf(even, width, target) {
  const weight = keepTarget(even.weight, width, target);
  const { shadows } = even;
  if (weight === null || !shadows) return null;
  const [left, top, right, bottom] = boxAround(weight, width, 0.5) ?? [
    0,
    0,
    width,
    weight.length / width,
  ];
  let shaded = 0;
  for (let y = top; y < bottom; y++)
    for (let x = left; x < right; x++) shaded += shadows[y * width + x];
  return { ...even, weight, shaded: shaded / count(weight) };
}

/**
 * The cut `even`, or the network's if white parts or shadows make it unreliable.
 *
 * @param {Picture} flat
 * @param {Cut} even
 * @param {Saliency} saliency
 * @param {Target | null} target
 * @returns {Promise<Found>}
 */
async function beforeEven(flat, even, saliency, target) {
  const doubtful = even.shaded > (even.white ? SHADED_WHITE : SHADED);
  const large = target !== null || count(even.weight) / even.weight.length >= LEAST_AREA;
  if (even.certain && !doubtful && large) return { cut: even, method: "border" };
  const seen = await byNetwork(flat, saliency, target);
  if (seen === null) return { cut: { ...even, certain: false }, method: "border" };
  if (even.certain && !seen.certain) {
    // On white, too much is better than too little: extra white pixels remain white.
    const weight = even.white
      ? even.weight.map((each, at) => Math.max(each, seen.weight[at]))
      : even.weight;
    return { cut: { ...even, weight, certain: false }, method: "border" };
  }
  return { cut: { ...seen, white: even.white, shaded: even.shaded }, method: "network" };
}

/**
 * @param {Found} found
 * @param {number} width
 * @param {Target | null} target
 * @returns {Found}
 */
function narrowed(found, width, target) {
  if (!target || found.cut === null) return found;
  const weight = keepTarget(found.cut.weight, width, target);
  return { ...found, cut: weight && alone({ ...found.cut, weight }) };
}

/**
 * A cut that is one object of several.
 *
 * @param {Cut | null} cut
 * @returns {Cut | null}
 */
function alone(cut) {
  // With shadows set, `blend` removes everything else.
  return cut && { ...cut, shaded: 1 };
}
