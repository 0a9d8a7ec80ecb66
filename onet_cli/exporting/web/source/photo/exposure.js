/**
 * Exposure of the object, which keeps white objects apart from the background;
 * `shapes/exposure.py`.
 *
 * @typedef {import("./resample.js").Picture} Picture
 */

import { roundHalfEven } from "./numbers.js";

/**
 * The picture with the object in the mask darkened.
 *
 * @param {Picture} picture RGB, the object on white.
 * @param {Picture} mask Of one channel, 255 on the object.
 * @param {number} exposure Brightness of white in the object, 0 to 1.
 * @returns {Picture}
 */
export function expose(picture, mask, exposure) {
  if (exposure === 1) return picture;
  const darker = Math.fround(1 - exposure);
  const data = picture.data.map((each, at) => {
    const white = 255 - mask.data[Math.floor(at / 3)];
    // In single precision, as the command line computes it.
    return roundHalfEven(Math.fround(each - Math.fround(darker * Math.max(each - white, 0))));
  });
  return { ...picture, data };
}
