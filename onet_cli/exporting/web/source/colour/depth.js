/**
 * The nearness, 1 / depth, of the visible surface at the centre of each pixel; 0 for none.
 *
 * @param {Float64Array} seen (V, 3): pixel x, pixel y and depth.
 * @param {Uint32Array} faces
 * @param {number} size
 * @returns {Float32Array} (size, size)
 */
export function nearnessMap(seen, faces, size) {
  const near = new Float32Array(size * size);
  for (let f = 0; f < faces.length; f += 3) {
    const [a, b, c] = [3 * faces[f], 3 * faces[f + 1], 3 * faces[f + 2]];
    if (Math.min(seen[a + 2], seen[b + 2], seen[c + 2]) > 0) fillTriangle(seen, a, b, c, near, size);
  }
  return near;
}

/**
 * @param {Float64Array} seen
 * @param {number} a
 * @param {number} b
 * @param {number} c
 * @param {Float32Array} near
 * @param {number} size
 */
function fillTriangle(seen, a, b, c, near, size) {
  const [ax, ay, bx, by, cx, cy] = [seen[a], seen[a + 1], seen[b], seen[b + 1], seen[c], seen[c + 1]];
  const area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
  if (area === 0) return;
  const pixel = (/** @type {number} */ at) => Math.min(Math.max(Math.floor(at), 0), size - 1);
  const [left, right] = [pixel(Math.min(ax, bx, cx)), pixel(Math.max(ax, bx, cx))];
  const [top, bottom] = [pixel(Math.min(ay, by, cy)), pixel(Math.max(ay, by, cy))];
  const [na, nb, nc] = [1 / seen[a + 2], 1 / seen[b + 2], 1 / seen[c + 2]];
  for (let y = top; y <= bottom; y++)
    for (let x = left; x <= right; x++) {
      const [px, py] = [x + 0.5, y + 0.5];
      const u = ((bx - px) * (cy - py) - (by - py) * (cx - px)) / area;
      const v = ((cx - px) * (ay - py) - (cy - py) * (ax - px)) / area;
      const w = 1 - u - v;
      if (u < 0 || v < 0 || w < 0) continue;
      const value = u * na + v * nb + w * nc;
      if (value > near[y * size + x]) near[y * size + x] = value;
    }
}
