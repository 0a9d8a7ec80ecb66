/**
 * A photo's object, centred on white as in the training views; `shapes/photo.py`.
 *
 * @typedef {import("./resample.js").Picture} Picture
 * @typedef {import("./border.js").Cut} Cut
 * @typedef {import("./target.js").Target} Target
 * @typedef {import("./salient.js").Saliency} Saliency
 * @typedef {object} Prepared
 * @property {Picture} picture A square in RGB.
 * @property {Picture | null} mask Of its size, one channel, 255 on the object.
 * @property {string} method alpha, mask, border, network or none.
 * @property {string[]} warnings One sentence each.
 * @property {Picture} photo The photo, reduced, on white.
 * @property {Float32Array | null} weight The object's coverage of each pixel of it.
 */

import { findObject, LEAST_AREA, SHADED_WHITE } from "./find.js";
import { roundHalfEven, sum } from "./numbers.js";
import { grow } from "./pixels.js";
import { crop, onSquare, thumbnail } from "./resample.js";
import { moved } from "./target.js";
import { inspectCut, inspectLight } from "./warnings.js";
import { inWhole, windowOf, WORKING_SIDE } from "./window.js";

const SMALLEST = 16;
const SHARE = 0.82; // of the object's longest side in the square
const OPAQUE = 0.125;
const BESIDE = 0.01;

/** A problem with the photo, in words. */
export class PhotoError extends Error {}

/**
 * @param {Picture} given RGB, or RGBA if any pixel is transparent.
 * @param {Saliency} saliency
 * @param {Float32Array} [painted] The object's coverage of each pixel of the reduced photo.
 * @param {Target} [target] The object meant, in shares of the photo's width and height.
 * @returns {Promise<Prepared>}
 */
export async function isolateObject(given, saliency, painted, target) {
  if (Math.max(given.width, given.height) < SMALLEST)
    throw new PhotoError("The photo is too small to show an object.");
  const meant = painted || !target ? null : moved(target, [0, 0], [given.width, given.height]);
  const window = windowOf(given, meant);
  const [wide, high] = [window[2] - window[0], window[3] - window[1]];
  const part = wide === given.width && high === given.height ? given : crop(given, window);
  const photo = thumbnail(part, WORKING_SIDE);
  if (Math.min(photo.width, photo.height) < 2)
    throw new PhotoError("The photo is too narrow to show an object.");
  const flat = onWhite(photo);
  const shown = part === given ? flat : onWhite(thumbnail(given, WORKING_SIDE));
  const aim = meant && moved(meant, [window[0], window[1]], [photo.width / wide, photo.height / high]);
  const { cut, method } = await findObject(photo, flat, saliency, painted, aim);
  if (cut === null) {
    if (aim) throw new PhotoError("No object stands out there. Try another place, or the brush.");
    return kept(flat);
  }
  const certain = method === "alpha" || method === "mask";
  const limit = certain ? OPAQUE : 0.5;
  const solid = Uint8Array.from(cut.weight, (each) => (each > limit ? 1 : 0));
  const box = aim ? boxOfTarget(solid, photo.width) : boxOf(solid, photo.width);
  const colours = certain ? withoutAlpha(photo) : flat;
  const blended = { ...flat, data: blend(colours, cut) };
  const grey = Uint8Array.from(cut.weight, (each) => roundHalfEven(each * 255));
  const plane = { width: photo.width, height: photo.height, data: cut.weight };
  return {
    picture: onSquare(crop(blended, box), SHARE, 255),
    mask: onSquare(crop({ ...flat, channels: 1, data: grey }, box), SHARE, 0),
    method,
    warnings: [
      ...inspectCut(solid, box, flat, Math.max(wide, high), cut.certain),
      ...inspectLight(colours.data, solid),
    ],
    photo: shown,
    weight: inWhole(plane, window, given, shown),
  };
}

/**
 * All of a photo in which no object was found.
 *
 * @param {Picture} flat
 * @returns {Prepared}
 */
function kept(flat) {
  return {
    picture: onSquare(flat, 1, 255),
    mask: null,
    method: "none",
    warnings: [
      "the background was kept: no object stands out from it",
      ...inspectLight(flat.data, new Uint8Array(flat.width * flat.height).fill(1)),
    ],
    photo: flat,
    weight: null,
  };
}

/**
 * @param {Picture} photo
 * @returns {Picture} RGB, transparency blended with white.
 */
function onWhite(photo) {
  if (photo.channels === 3) return photo;
  const flat = withoutAlpha(photo);
  for (let k = 0; k < flat.data.length; k++) {
    const alpha = photo.data[4 * Math.floor(k / 3) + 3];
    flat.data[k] = Math.round((flat.data[k] * alpha + 255 * (255 - alpha)) / 255);
  }
  return flat;
}

/**
 * @param {Picture} photo
 * @returns {Picture}
 */
function withoutAlpha({ width, height, channels, data }) {
  const colours = new Uint8Array(3 * width * height);
  for (let k = 0; k < colours.length; k++) colours[k] = data[channels * Math.floor(k / 3) + (k % 3)];
  return { width, height, channels: 3, data: colours };
}

/**
 * The object's colours (H, W, 3) on white.
 *
 * @param {Picture} picture
 * @param {Cut} cut
 * @returns {Uint8Array}
 */
function blend({ width, height, data }, cut) {
  if (cut.white) {
    // Unchanged: removing a white background would also remove white parts of the object.
    if (cut.shaded <= SHADED_WHITE) return data;
    const reach = Math.max(1, roundHalfEven(BESIDE * Math.max(width, height)));
    const near = grow(
      Uint8Array.from(cut.weight, (each) => (each > 0 ? 1 : 0)),
      width,
      reach,
    );
    return data.map((each, k) => (near[Math.floor(k / 3)] ? each : 255));
  }
  return data.map((each, k) => {
    const weight = cut.weight[Math.floor(k / 3)];
    let value = each * weight + 255 * (1 - weight);
    // Edge pixels are already mixed with the backdrop: replace it, so that no halo remains.
    if (cut.backdrop)
      value = weight > 0 ? each + (1 - weight) * (255 - cut.backdrop[k]) : 255;
    return roundHalfEven(Math.min(Math.max(value, 0), 255));
  });
}

/**
 * @param {Uint8Array} solid
 * @param {number} width
 * @returns {[number, number, number, number]}
 */
function boxOf(solid, width) {
  if (sum(solid) / solid.length < LEAST_AREA)
    throw new PhotoError("The photo shows no object: it is one even colour or transparent.");
  return extentOf(solid, width);
}

/**
 * The box of the object that was meant, however small.
 *
 * @param {Uint8Array} solid
 * @param {number} width
 */
function boxOfTarget(solid, width) {
  const box = extentOf(solid, width);
  if (Math.max(box[2] - box[0], box[3] - box[1]) < SMALLEST)
    throw new PhotoError("The object there is too small. In a large photo, draw a box around it.");
  return box;
}

/**
 * @param {Uint8Array} solid
 * @param {number} width
 * @returns {[number, number, number, number]}
 */
function extentOf(solid, width) {
  const height = solid.length / width;
  const rows = new Int32Array(height);
  const columns = new Int32Array(width);
  for (let at = 0; at < solid.length; at++) {
    rows[Math.floor(at / width)] += solid[at];
    columns[at % width] += solid[at];
  }
  // Stray pixels (dust, compression) must not enlarge the box.
  const wide = (/** @type {number} */ count) => count > 0.002 * width;
  const tall = (/** @type {number} */ count) => count > 0.002 * height;
  const [top, left] = [rows.findIndex(wide), columns.findIndex(tall)];
  if (top < 0 || left < 0) return [0, 0, width, height];
  return [left, top, columns.findLastIndex(tall) + 1, rows.findLastIndex(wide) + 1];
}
