/** Colours of confidence, as of `onet reconstruct --preview`; `reconstruction/stage.py`. */

const SCALE = [
  [215, 25, 28],
  [253, 174, 97],
  [255, 255, 191],
  [171, 217, 233],
  [44, 123, 182],
];

/**
 * sRGB colours (V, 3), from red at 0 to blue at 1.
 *
 * @param {Float32Array} confidence
 * @returns {Uint8Array}
 */
export function confidenceColours(confidence) {
  const found = new Uint8Array(3 * confidence.length);
  confidence.forEach((each, n) => {
    const place = Math.min(Math.max(each, 0), 1) * (SCALE.length - 1);
    const low = Math.min(Math.floor(place), SCALE.length - 2);
    for (let c = 0; c < 3; c++)
      found[3 * n + c] = Math.round(SCALE[low][c] + (place - low) * (SCALE[low + 1][c] - SCALE[low][c]));
  });
  return found;
}
