/**
 * Unit normals at vertices: the mean of the faces' around each, weighted by angle.
 *
 * @typedef {import("./marching.js").Mesh} Mesh
 */

/**
 * @param {Mesh} mesh
 * @returns {Float32Array} (V, 3)
 */
export function vertexNormals({ vertices, faces }) {
  const total = new Float64Array(vertices.length);
  const edge = (/** @type {number} */ from, /** @type {number} */ to) =>
    [0, 1, 2].map((c) => vertices[3 * to + c] - vertices[3 * from + c]);
  for (let f = 0; f < faces.length; f += 3)
    for (let n = 0; n < 3; n++) {
      const [here, next, last] = [faces[f + n], faces[f + ((n + 1) % 3)], faces[f + ((n + 2) % 3)]];
      const [p, q] = [edge(here, next), edge(here, last)];
      const cross = [
        p[1] * q[2] - p[2] * q[1],
        p[2] * q[0] - p[0] * q[2],
        p[0] * q[1] - p[1] * q[0],
      ];
      const size = Math.hypot(...cross);
      if (size === 0) continue;
      const angle = Math.atan2(size, p[0] * q[0] + p[1] * q[1] + p[2] * q[2]);
      for (let c = 0; c < 3; c++) total[3 * here + c] += (angle * cross[c]) / size;
    }
  const normals = new Float32Array(vertices.length);
  for (let k = 0; k < normals.length; k += 3) {
    const size = Math.hypot(total[k], total[k + 1], total[k + 2]);
    for (let c = 0; c < 3; c++) normals[k + c] = size > 0 ? total[k + c] / size : 0;
  }
  return normals;
}
