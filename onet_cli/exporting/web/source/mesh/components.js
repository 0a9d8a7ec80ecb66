/**
 * Pieces of a mesh and their volumes; `geometry/components.py`, `reconstruction/tidy.py`.
 *
 * @typedef {import("./marching.js").Mesh} Mesh
 */

/**
 * The piece (F,) of each face, numbered from 0, and the signed volumes of the pieces.
 *
 * @param {Mesh} mesh
 * @returns {{piece: Int32Array, volumes: number[]}}
 */
export function componentVolumes({ vertices, faces }) {
  const least = Int32Array.from({ length: vertices.length / 3 }, (_, n) => n);
  const root = (/** @type {number} */ at) => {
    while (least[at] !== at) at = least[at] = least[least[at]];
    return at;
  };
  const join = (/** @type {number} */ a, /** @type {number} */ b) => {
    [a, b] = [root(a), root(b)];
    least[Math.max(a, b)] = Math.min(a, b);
  };
  for (let f = 0; f < faces.length; f += 3) {
    join(faces[f], faces[f + 1]);
    join(faces[f], faces[f + 2]);
  }
  const number = new Map();
  for (let at = 0; at < least.length; at++)
    if (least[at] === at) number.set(at, number.size);
  const piece = new Int32Array(faces.length / 3);
  const volumes = new Array(number.size).fill(0);
  for (let f = 0; f < piece.length; f++) {
    piece[f] = number.get(root(faces[3 * f]));
    volumes[piece[f]] += signedVolume(vertices, faces, f);
  }
  return { piece, volumes };
}

/**
 * @param {Float64Array} vertices
 * @param {Uint32Array} faces
 * @param {number} face
 */
function signedVolume(vertices, faces, face) {
  const [a, b, c] = [0, 1, 2].map((n) => 3 * faces[3 * face + n]);
  const [ax, ay, az] = [vertices[a], vertices[a + 1], vertices[a + 2]];
  const [bx, by, bz] = [vertices[b], vertices[b + 1], vertices[b + 2]];
  const [cx, cy, cz] = [vertices[c], vertices[c + 1], vertices[c + 2]];
  return (
    (ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx)) / 6
  );
}

/**
 * Whether one piece has at least the share `whole` of the volume.
 *
 * @param {Mesh} mesh
 * @param {number} whole
 */
export function isWhole(mesh, whole) {
  const solid = componentVolumes(mesh).volumes.filter((each) => each > 0);
  return Math.max(...solid) >= whole * solid.reduce((a, b) => a + b, 0);
}

/**
 * The mesh without pieces below a share of the volume; a cavity belongs to what contains it.
 *
 * @param {Mesh} mesh
 * @param {number} share
 * @returns {Mesh}
 */
export function dropComponents(mesh, share) {
  const { piece, volumes } = componentVolumes(mesh);
  if (volumes.length === 1) return mesh;
  const total = volumes.filter((each) => each > 0).reduce((a, b) => a + b, 0);
  const keep = volumes.map((each) => each > 0 && each >= share * total);
  keep[volumes.indexOf(Math.max(...volumes))] = true;
  if (volumes.some((each) => each <= 0))
    holders(mesh, piece, volumes).forEach((holder, n) => (keep[n] ||= keep[holder]));
  return keep.every(Boolean) ? mesh : onlyFaces(mesh, (face) => keep[piece[face]]);
}

/**
 * For each piece the one that it is a cavity of, or itself.
 *
 * @param {Mesh} mesh
 * @param {Int32Array} piece
 * @param {number[]} volumes
 * @returns {number[]}
 */
function holders({ vertices, faces }, piece, volumes) {
  const low = volumes.map(() => [Infinity, Infinity, Infinity]);
  const high = volumes.map(() => [-Infinity, -Infinity, -Infinity]);
  faces.forEach((vertex, k) => {
    const n = piece[Math.floor(k / 3)];
    for (let c = 0; c < 3; c++) {
      low[n][c] = Math.min(low[n][c], vertices[3 * vertex + c]);
      high[n][c] = Math.max(high[n][c], vertices[3 * vertex + c]);
    }
  });
  return volumes.map((volume, n) => {
    if (volume > 0) return n;
    let best = n;
    volumes.forEach((other, m) => {
      const around = [0, 1, 2].every((c) => low[m][c] <= low[n][c] && high[m][c] >= high[n][c]);
      if (other > 0 && around && (best === n || other < volumes[best])) best = m;
    });
    return best;
  });
}

/**
 * @param {Mesh} mesh
 * @param {(face: number) => boolean} wanted
 * @returns {Mesh}
 */
function onlyFaces({ vertices, faces }, wanted) {
  const number = new Int32Array(vertices.length / 3).fill(-1);
  const kept = faces.filter((_, k) => wanted(Math.floor(k / 3)));
  for (const vertex of kept) number[vertex] = 0;
  let count = 0;
  for (let n = 0; n < number.length; n++) if (number[n] === 0) number[n] = count++;
  return {
    vertices: vertices.filter((_, k) => number[Math.floor(k / 3)] >= 0),
    faces: kept.map((vertex) => number[vertex]),
  };
}

/**
 * Whether every edge has one face on each side.
 *
 * @param {Mesh} mesh
 */
export function isClosed({ vertices, faces }) {
  const count = vertices.length / 3;
  const edges = new Set();
  for (let k = 0; k < faces.length; k++) {
    const name = faces[k] * count + faces[k % 3 === 2 ? k - 2 : k + 1];
    if (edges.has(name)) return false;
    edges.add(name);
  }
  for (const name of edges)
    if (!edges.has((name % count) * count + Math.floor(name / count))) return false;
  return faces.length > 0;
}
