/**
 * Binary STL.
 *
 * @typedef {import("../mesh/marching.js").Mesh} Mesh
 */

/**
 * @param {Mesh} mesh
 * @returns {Uint8Array}
 */
export function toStl({ vertices, faces }) {
  const count = faces.length / 3;
  const bytes = new Uint8Array(84 + 50 * count);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode("binary STL written by onet"));
  view.setUint32(80, count, true);
  for (let face = 0; face < count; face++) {
    const corners = [0, 1, 2].map((n) => {
      const at = 3 * faces[3 * face + n];
      return [vertices[at], vertices[at + 1], vertices[at + 2]];
    });
    const start = 84 + 50 * face;
    [normal(corners), ...corners].forEach((vector, row) =>
      vector.forEach((value, c) => view.setFloat32(start + 12 * row + 4 * c, value, true)),
    );
  }
  return bytes;
}

/**
 * @param {number[][]} corners
 * @returns {number[]}
 */
function normal([a, b, c]) {
  const [p, q] = [b.map((value, n) => value - a[n]), c.map((value, n) => value - a[n])];
  const cross = [0, 1, 2].map((n) => {
    const [m, k] = [(n + 1) % 3, (n + 2) % 3];
    return p[m] * q[k] - p[k] * q[m];
  });
  const length = Math.hypot(...cross);
  return cross.map((value) => (length > 0 ? value / length : 0));
}
