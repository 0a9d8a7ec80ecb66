/**
 * Photos of the kinds that the browser knows, as pixels.
 *
 * @typedef {import("../photo/resample.js").Picture} Picture
 */

import { PhotoError } from "../photo/isolate.js";
import { reducePicture } from "../photo/resample.js";

const ENOUGH = 2048; // larger pictures are reduced by integer factors to no less than this
const MOST_PIXELS = 100e6;

/**
 * @param {Blob} photo
 * @returns {Promise<Picture>} RGB, or RGBA if any pixel is transparent; upright.
 */
export async function decodePhoto(photo) {
  const bitmap = await createImageBitmap(photo, {
    colorSpaceConversion: "none",
    premultiplyAlpha: "none",
  }).catch(() => {
    throw new PhotoError("This file is not a picture that the browser can read. Try JPEG or PNG.");
  });
  const { width, height } = bitmap;
  if (width * height > MOST_PIXELS) throw new PhotoError("The photo has too many pixels.");
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new PhotoError("This browser cannot read the photo's pixels.");
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return reduced(withoutOpacity(context.getImageData(0, 0, width, height)));
}

/**
 * @param {ImageData} pixels
 * @returns {Picture}
 */
function withoutOpacity({ width, height, data }) {
  const given = new Uint8Array(data.buffer);
  for (let k = 3; k < given.length; k += 4)
    if (given[k] < 255) return { width, height, channels: 4, data: given };
  const colours = new Uint8Array(3 * width * height);
  for (let at = 0; at < width * height; at++)
    for (let c = 0; c < 3; c++) colours[3 * at + c] = given[4 * at + c];
  return { width, height, channels: 3, data: colours };
}

/**
 * @param {Picture} picture
 * @returns {Picture}
 */
function reduced(picture) {
  const factor = Math.max(1, Math.floor(Math.max(picture.width, picture.height) / ENOUGH));
  return factor === 1 ? picture : reducePicture(picture, factor, factor);
}
