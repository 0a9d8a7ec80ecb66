/**
 * Agreement of a mesh with its photo; `reconstruction/agreement.py`, `geometry/silhouette.py`.
 *
 * @typedef {import("../mesh/marching.js").Mesh} Mesh
 * @typedef {import("../mesh/standing.js").Standing} Standing
 */

import { PhotoCamera } from "../colour/camera.js";
import { nearnessMap } from "../colour/depth.js";

const SAMPLES = 3; // along each edge of a pixel

/**
 * The pixels (size, size) of the prepared picture of which a mesh covers more than half.
 *
 * @param {Mesh} mesh Upright.
 * @param {{elevation: number, kappa: number}} camera
 * @param {Standing} standing
 * @param {number} size
 * @returns {Uint8Array}
 */
export function silhouette({ vertices, faces }, camera, standing, size) {
  const fine = SAMPLES * size;
  const seen = new PhotoCamera(camera, standing, fine).project(vertices);
  const near = nearnessMap(seen, faces, fine);
  const hits = new Uint8Array(size * size);
  for (let at = 0; at < near.length; at++) {
    const [x, y] = [at % fine, Math.floor(at / fine)];
    if (near[at] > 0) hits[Math.floor(y / SAMPLES) * size + Math.floor(x / SAMPLES)]++;
  }
  return hits.map((count) => (2 * count > SAMPLES * SAMPLES ? 1 : 0));
}

/**
 * The IoU of two masks; null if both are empty.
 *
 * @param {Uint8Array} one
 * @param {Uint8Array} other
 */
export function iouOf(one, other) {
  let [both, either] = [0, 0];
  for (let at = 0; at < one.length; at++) {
    both += one[at] && other[at] ? 1 : 0;
    either += one[at] || other[at] ? 1 : 0;
  }
  return either ? both / either : null;
}

/**
 * The share of the bounding box of a mask (S, S) that it covers; null if it is empty.
 *
 * @param {Uint8Array} mask
 */
export function extentOf(mask) {
  const side = Math.round(Math.sqrt(mask.length));
  let [left, right, top, bottom, count] = [side, -1, side, -1, 0];
  for (let at = 0; at < mask.length; at++) {
    if (!mask[at]) continue;
    const [x, y] = [at % side, Math.floor(at / side)];
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
    count++;
  }
  return count ? count / ((right - left + 1) * (bottom - top + 1)) : null;
}
