/**
 * The object's mask in the prepared picture; `reconstruction/agreement.py`, `shapes/photo_mask.py`.
 *
 * @typedef {import("../photo/resample.js").Picture} Picture
 */

import { roundHalfEven } from "../photo/numbers.js";
import { highestNear, not } from "../photo/pixels.js";
import { resizeToUnit } from "../photo/resample.js";

const SIZE = 224;
const WHITE = 0.92;
const EDGE = 2;
const MOST_BORDER = 0.5;

/**
 * @param {Picture} picture RGB, prepared.
 * @param {Picture | null} mask Of one channel, 255 on the object.
 * @returns {Uint8Array | null} (SIZE, SIZE); null without a mask or a white background.
 */
export function photoMask(picture, mask) {
  if (mask === null) return objectOnWhite(resizeToUnit(picture, SIZE), SIZE);
  return Uint8Array.from(resizeToUnit(mask, SIZE), (each) => (each > 0.5 ? 1 : 0));
}

/**
 * The pixels that the object covers by more than half, or null.
 *
 * @param {Float32Array} planes (3, size, size) in [0, 1].
 * @param {number} size
 * @returns {Uint8Array | null}
 */
export function objectOnWhite(planes, size) {
  const count = size * size;
  const dark = Float32Array.from({ length: count }, (_, at) => {
    const [r, g, b] = [planes[at], planes[count + at], planes[2 * count + at]];
    return 1 - roundHalfEven(Math.min(r, g, b) * 255) / 255;
  });
  const found = Uint8Array.from(dark, (each) => (each > 1 - WHITE ? 1 : 0));
  let border = 0;
  for (let k = 0; k < size; k++)
    border += found[k] + found[count - size + k] + found[k * size] + found[k * size + size - 1];
  if (!found.includes(1) || border / (4 * size) > MOST_BORDER) return null;
  const nearWhite = highestNear(not(found), size, EDGE);
  const darkest = highestNear(dark, size, EDGE);
  const inside = found.map((each, at) =>
    each && (!nearWhite[at] || dark[at] >= 0.5 * darkest[at]) ? 1 : 0,
  );
  return inside.includes(1) ? inside : null;
}
