/** Warnings about photos that may degrade the mesh; `shapes/photo_warnings.py`. */

const SMALL = 64;
const CUT_SIDE = 0.03;
const DARK = 26;
const BLOWN = 253;
const BLOWN_SHARE = 0.5;
const FULL = 0.04;

/**
 * @param {Uint8Array} solid The object's pixels.
 * @param {[number, number, number, number]} box
 * @param {{width: number, height: number}} size
 * @param {number} given The longer side of the photo as it was given.
 * @param {boolean} certain
 * @returns {string[]}
 */
export function inspectCut(solid, box, { width, height }, given, certain) {
  const found = [];
  const touches = (/** @type {number} */ start, /** @type {number} */ step, /** @type {number} */ count) => {
    let total = 0;
    for (let k = 0; k < count; k++) total += solid[start + k * step];
    return total / count > CUT_SIDE;
  };
  const touched = [
    touches(0, 1, width) ? "top" : "",
    touches(width * (height - 1), 1, width) ? "bottom" : "",
    touches(0, width, height) ? "left" : "",
    touches(width - 1, width, height) ? "right" : "",
  ].filter(Boolean);
  if (touched.length) found.push(`the object is cut off at the ${touched.join(" and ")} of the photo`);
  const side = Math.max(box[2] - box[0], box[3] - box[1]);
  const longest = (side * given) / Math.max(width, height);
  if (longest < SMALL) found.push(`the object is tiny: ${Math.round(longest)} pixels`);
  if (!certain) found.push("the background is uncertain: check the cut-out");
  return found;
}

/**
 * @param {Uint8Array} colours (H, W, 3)
 * @param {Uint8Array} where The pixels to look at.
 * @returns {string[]}
 */
export function inspectLight(colours, where) {
  let [bright, blown, count] = [0, 0, 0];
  for (let at = 0; at < where.length; at++) {
    if (!where[at]) continue;
    const [r, g, b] = colours.subarray(3 * at, 3 * at + 3);
    count++;
    bright += Math.max(r, g, b) > DARK ? 1 : 0;
    blown += Math.min(r, g, b) >= BLOWN ? 1 : 0;
  }
  if (bright / count < FULL) return ["the photo is very dark"];
  if (blown / count > BLOWN_SHARE)
    return ["the photo is blown out: most of the object is plain white"];
  return [];
}
