/**
 * The picture's frame and the network's cube; `geometry/picture_frame.py`.
 *
 * @typedef {object} Frame Constants of the frame.
 * @property {number} edge Edge of the network's cube.
 * @property {number} reach
 * @property {number} farthest
 * @property {number} leastDepth
 */

/**
 * Move points from the picture's frame to the cube, in place.
 *
 * @template {Float32Array | Float64Array} T
 * @param {T} places (N, 3)
 * @param {Frame} frame
 * @returns {T}
 */
export function toCube(places, { edge, reach }) {
  const half = edge / 2;
  for (let k = 0; k < places.length; k += 3) {
    places[k] *= half;
    for (let c = k + 1; c < k + 3; c++) {
      const rest = places[c] / reach;
      const square = rest * rest;
      places[c] = (half * rest) / Math.sqrt(Math.sqrt(1 + square * square));
    }
  }
  return places;
}

/**
 * Move points from the cube to the picture's frame, in place.
 *
 * @template {Float32Array | Float64Array} T
 * @param {T} points (N, 3)
 * @param {Frame} frame
 * @returns {T}
 */
export function fromCube(points, { edge, reach, farthest }) {
  const half = edge / 2;
  for (let k = 0; k < points.length; k += 3) {
    points[k] /= half;
    for (let c = k + 1; c < k + 3; c++) {
      const rest = Math.min(Math.max(points[c] / half, -farthest), farthest);
      const square = rest * rest;
      points[c] = (reach * rest) / Math.sqrt(Math.sqrt(1 - square * square));
    }
  }
  return points;
}

/**
 * Turn points of the picture's frame to the frame of the rays, or back, in place.
 *
 * @template {Float32Array | Float64Array} T
 * @param {T} places (N, 3)
 * @param {number} elevation In radians.
 * @returns {T}
 */
export function tilt(places, elevation) {
  const [cosine, sine] = [Math.cos(elevation), Math.sin(elevation)];
  for (let k = 0; k < places.length; k += 3) {
    const [y, z] = [places[k + 1], places[k + 2]];
    places[k + 1] = z * sine - y * cosine;
    places[k + 2] = y * sine + z * cosine;
  }
  return places;
}

/**
 * Where points of the cube are seen, and their nearness: across and down, -1 to 1, and z, (N, 3).
 *
 * @param {Float32Array} points (N, 3)
 * @param {{elevation: number, kappa: number}} camera
 * @param {Frame} frame
 * @returns {Float64Array}
 */
export function look(points, { elevation, kappa }, frame) {
  const rays = tilt(fromCube(Float64Array.from(points), frame), elevation);
  for (let k = 0; k < rays.length; k += 3) {
    const depth = Math.max(1 - kappa * rays[k + 2], frame.leastDepth);
    rays[k] /= depth;
    rays[k + 1] /= depth;
  }
  return rays;
}

/**
 * Points (rays * depths, 3) of the cube at given depths along rays of the picture.
 *
 * @param {ArrayLike<number>} seen (rays, 2): across and down, -1 to 1.
 * @param {(ray: number, step: number) => number} depthAt
 * @param {number} count Depths per ray.
 * @param {{elevation: number, kappa: number}} camera
 * @param {Frame} frame
 * @returns {Float32Array}
 */
export function alongRays(seen, depthAt, count, camera, frame) {
  const rays = seen.length / 2;
  const places = new Float64Array(3 * rays * count);
  for (let ray = 0; ray < rays; ray++)
    for (let step = 0; step < count; step++) {
      const depth = depthAt(ray, step);
      const shrink = 1 - camera.kappa * depth;
      const k = 3 * (ray * count + step);
      places[k] = seen[2 * ray] * shrink;
      places[k + 1] = seen[2 * ray + 1] * shrink;
      places[k + 2] = depth;
    }
  return Float32Array.from(toCube(tilt(places, camera.elevation), frame));
}

/**
 * Evenly spaced numbers from `first` to `last`.
 *
 * @param {number} first
 * @param {number} last
 * @param {number} count
 * @returns {Float64Array}
 */
export function linspace(first, last, count) {
  return Float64Array.from(
    { length: count },
    (_, k) => first + ((last - first) * k) / (count - 1),
  );
}
