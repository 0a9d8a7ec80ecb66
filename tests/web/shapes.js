/** Fields whose surfaces are known, and measures of meshes. */

/**
 * A field that is `at` each point (x, y, z), on a dense grid and as a function of points.
 *
 * @param {(x: number, y: number, z: number) => number} at
 */
export function fieldOf(at) {
  return async (points) =>
    Float32Array.from({ length: points.length / 3 }, (_, n) =>
      at(points[3 * n], points[3 * n + 1], points[3 * n + 2]),
    );
}

/**
 * @param {(x: number, y: number, z: number) => number} at
 * @param {number} resolution
 * @param {number} edge
 */
export function dense(at, resolution, edge) {
  const side = resolution + 1;
  // In single precision, as grid points are given to fields.
  const axis = (k) => Math.fround(edge * Math.fround(Math.fround(k / resolution) - 0.5));
  return Float32Array.from({ length: side ** 3 }, (_, n) =>
    at(axis(Math.floor(n / side / side)), axis(Math.floor(n / side) % side), axis(n % side)),
  );
}

/** The volume inside a closed mesh. */
export function volume({ vertices, faces }) {
  let total = 0;
  for (let f = 0; f < faces.length; f += 3) {
    const [a, b, c] = [0, 1, 2].map((n) => vertices.slice(3 * faces[f + n], 3 * faces[f + n] + 3));
    total +=
      a[0] * (b[1] * c[2] - b[2] * c[1]) +
      a[1] * (b[2] * c[0] - b[0] * c[2]) +
      a[2] * (b[0] * c[1] - b[1] * c[0]);
  }
  return total / 6;
}

/** Vertices minus edges plus faces: 2 for each piece without handles. */
export function euler({ vertices, faces }) {
  return vertices.length / 3 - faces.length / 6;
}

/** A ball on a faint stem, as `Blob` in record.py. */
export async function blob(points) {
  return Float32Array.from({ length: points.length / 3 }, (_, n) => {
    const [x, y, z] = points.subarray(3 * n, 3 * n + 3);
    const ball = 4 - 20 * Math.sqrt((x + 0.05) ** 2 + (y - 0.15) ** 2 + z ** 2);
    const beyond = Math.max(0, Math.abs(y + 0.1) - 0.2);
    return Math.max(ball, -1.2 - 60 * Math.hypot(x + 0.05, z - 0.02) - 30 * beyond);
  });
}
