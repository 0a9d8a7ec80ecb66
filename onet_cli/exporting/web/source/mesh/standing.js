/**
 * Upright meshes in the unit cube, from those in the network's cube; `reconstruction/upright.py`.
 *
 * @typedef {import("../field/frame.js").Frame} Frame
 * @typedef {{centre: [number, number, number], edge: number}} Standing In the picture's frame.
 */

import { fromCube } from "../field/frame.js";

const ANGLES = 90;

/**
 * The transform of a mesh with `vertices` (V, 3) of the network's cube, and the new vertices.
 *
 * @param {Float64Array} vertices
 * @param {Frame} frame
 * @returns {{standing: Standing, upright: Float64Array}}
 */
export function standUp(vertices, frame) {
  const places = fromCube(vertices.slice(), frame);
  let [low, high] = [Infinity, -Infinity];
  for (let k = 1; k < places.length; k += 3) {
    low = Math.min(low, places[k]);
    high = Math.max(high, places[k]);
  }
  const { x, z, width } = footprint(places);
  /** @type {Standing} */
  const standing = {
    centre: [x, (low + high) / 2, z],
    edge: Math.max(width, high - low, 1e-6),
  };
  return {
    standing,
    upright: places.map((each, k) => (each - standing.centre[k % 3]) / standing.edge),
  };
}

/**
 * The centre and the longer side of the rectangle of least area around a mesh, seen from above.
 *
 * @param {Float64Array} places (V, 3)
 */
function footprint(places) {
  let [best, step] = [0, Math.PI / 2 / ANGLES];
  for (let round = 0; round < 2; round++) {
    const middle = best;
    let least = Infinity;
    for (let n = 0; n < ANGLES; n++) {
      const angle = middle + (round === 0 ? n : n - ANGLES / 2) * step;
      const box = rectangle(places, angle);
      const area = (box.high[0] - box.low[0]) * (box.high[1] - box.low[1]);
      if (area < least) [best, least] = [angle, area];
    }
    step /= ANGLES / 2;
  }
  const { low, high } = rectangle(places, best);
  const [u, v] = [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2];
  const [cosine, sine] = [Math.cos(best), Math.sin(best)];
  return {
    x: u * cosine - v * sine,
    z: u * sine + v * cosine,
    width: Math.max(high[0] - low[0], high[1] - low[1]),
  };
}

/**
 * @param {Float64Array} places
 * @param {number} angle
 */
function rectangle(places, angle) {
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const [low, high] = [
    [Infinity, Infinity],
    [-Infinity, -Infinity],
  ];
  for (let k = 0; k < places.length; k += 3) {
    const along = [
      places[k] * cosine + places[k + 2] * sine,
      places[k + 2] * cosine - places[k] * sine,
    ];
    for (let n = 0; n < 2; n++) {
      low[n] = Math.min(low[n], along[n]);
      high[n] = Math.max(high[n], along[n]);
    }
  }
  return { low, high };
}
