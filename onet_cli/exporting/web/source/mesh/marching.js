/**
 * Marching cubes with the tables of `geometry/marching_tables.py`; `ext/marching.pyx`.
 *
 * @typedef {object} Tables
 * @property {number[]} ambiguous Per mask, a bit per face whose corners alternate.
 * @property {number[][]} crossings Per mask, the crossed edges.
 * @property {number[][]} entries Per mask and faces that join the inside, the first entry.
 * @property {number[]} choices Per entry, the number of discs to choose from.
 * @property {number[]} first_triangle
 * @property {number[][]} triangles
 * @property {number[]} first_centre
 * @property {number[]} centres
 *
 * @typedef {object} Mesh
 * @property {Float64Array} vertices (V, 3)
 * @property {Uint32Array} faces (F, 3), counterclockwise from outside.
 */

import { Growing } from "./growing.js";

// Stand for infinities, so that differences stay numbers. That outside is the larger by far: it is
// also the layer around the grid, where the surface lies at the cube's face, whatever is inside.
const INNERMOST = 1e30;
const OUTERMOST = -1e36;

const CLOSEST = 2 ** -12; // least distance of a vertex from the ends of its edge, in edges
const FIRST = [0, 2, 4, 6, 0, 4, 1, 5, 0, 1, 2, 3]; // the corner that each edge starts from

/**
 * The closed surface around the grid points at or above `level`.
 *
 * @param {Float32Array} values (R+1)^3; x is the slowest axis.
 * @param {number} resolution R
 * @param {number} level
 * @param {number} edge Of the cube.
 * @param {Tables} tables
 * @returns {Mesh}
 */
export function extractSurface(values, resolution, level, edge, tables) {
  return new Marcher(values, resolution, Math.fround(level), tables).run(edge);
}

class Marcher {
  /**
   * @param {Float32Array} values
   * @param {number} resolution
   * @param {number} level
   * @param {Tables} tables
   */
  constructor(values, resolution, level, tables) {
    this.values = values;
    this.side = resolution + 1;
    this.level = level;
    this.tables = tables;
    this.vertices = new Growing(Float64Array);
    this.faces = new Growing(Uint32Array);
    /** Numbers of vertices by grid edge, in the planes of padding too. */
    this.names = new Map();
    this.value = new Float64Array(8);
    this.at = new Float64Array(48);
    this.vertex = new Int32Array(16);
  }

  /** @param {number} edge */
  run(edge) {
    const { side } = this;
    for (let i = -1; i < side; i++) {
      for (let j = -1; j < side; j++) for (let k = -1; k < side; k++) this.cell(i, j, k);
      this.forget(i);
    }
    const vertices = this.vertices.done();
    for (let n = 0; n < vertices.length; n++)
      vertices[n] = edge * (vertices[n] / (side - 1) - 0.5);
    return { vertices, faces: this.faces.done() };
  }

  /**
   * The value at a grid point; outside beyond the grid.
   *
   * @param {number} i
   * @param {number} j
   * @param {number} k
   */
  read(i, j, k) {
    const { side } = this;
    if (i < 0 || j < 0 || k < 0 || i >= side || j >= side || k >= side) return -Infinity;
    return this.values[(i * side + j) * side + k];
  }

  /**
   * @param {number} i
   * @param {number} j
   * @param {number} k
   */
  cell(i, j, k) {
    const { level, tables, value } = this;
    let mask = 0;
    for (let corner = 0; corner < 8; corner++) {
      const given = this.read(i + (corner & 1), j + ((corner >> 1) & 1), k + (corner >> 2));
      if (given >= level) mask |= 1 << corner;
      value[corner] = Math.max(Math.min(given, INNERMOST), OUTERMOST) - level;
    }
    if (mask === 0 || mask === 255) return;
    const faces = tables.ambiguous[mask];
    let entry = tables.entries[mask][faces ? this.decide(mask, faces) : 0];
    for (const edge of tables.crossings[mask]) {
      if (edge < 0) break;
      this.cross(i, j, k, edge);
    }
    if (tables.choices[entry] > 1) entry = this.smallestDisc(entry);
    this.fill(i, j, k, entry);
  }

  /**
   * Which of `faces`, whose corners alternate, join their inside corners.
   *
   * @param {number} mask
   * @param {number} faces
   */
  decide(mask, faces) {
    const { value } = this;
    let joined = 0;
    for (let face = 0; face < 6; face++) {
      if (!((faces >> face) & 1)) continue;
      const axis = face >> 1;
      const corner = (face & 1) << axis;
      const [u, v] = [1 << ((axis + 1) % 3), 1 << ((axis + 2) % 3)];
      // The hyperbola on the face passes on the side of the greater product.
      const here = value[corner] * value[corner + u + v];
      const across = value[corner + u] * value[corner + v];
      if ((mask >> corner) & 1 ? here >= across : across >= here) joined |= 1 << face;
    }
    return joined;
  }

  /**
   * Place the vertex on a crossed edge of a cell, unless a neighbour has.
   *
   * @param {number} i
   * @param {number} j
   * @param {number} k
   * @param {number} edge
   */
  cross(i, j, k, edge) {
    const { value, at, names, side } = this;
    const axis = edge >> 2;
    const corner = FIRST[edge];
    const place = [corner & 1, (corner >> 1) & 1, corner >> 2];
    const share = value[corner] / (value[corner] - value[corner | (1 << axis)]);
    for (let c = 0; c < 3; c++) at[3 * edge + c] = place[c];
    at[3 * edge + axis] += Math.min(Math.max(share, CLOSEST), 1 - CLOSEST);
    const width = side + 2;
    const start = ((i + place[0] + 1) * width + j + place[1] + 1) * width + k + place[2] + 1;
    const name = 3 * start + axis;
    let number = names.get(name);
    if (number === undefined) {
      number = this.write(i, j, k, edge);
      names.set(name, number);
    }
    this.vertex[edge] = number;
  }

  /**
   * @param {number} i
   * @param {number} j
   * @param {number} k
   * @param {number} place In `at`.
   * @returns {number} The vertex's number.
   */
  write(i, j, k, place) {
    const { at, vertices } = this;
    vertices.push(i + at[3 * place], j + at[3 * place + 1], k + at[3 * place + 2]);
    return vertices.length / 3 - 1;
  }

  /** @param {number} first Entry. */
  smallestDisc(first) {
    const { tables, at } = this;
    let [best, smallest] = [first, Infinity];
    for (let entry = first; entry < first + tables.choices[first]; entry++) {
      let total = 0;
      for (let t = tables.first_triangle[entry]; t < tables.first_triangle[entry + 1]; t++) {
        const [a, b, c] = tables.triangles[t];
        total += area(at, 3 * a, 3 * b, 3 * c);
      }
      if (total < smallest) [best, smallest] = [entry, total];
    }
    return best;
  }

  /**
   * Write the triangles of an entry, and the centres among their corners.
   *
   * @param {number} i
   * @param {number} j
   * @param {number} k
   * @param {number} entry
   */
  fill(i, j, k, entry) {
    const { tables, at, vertex, faces } = this;
    const start = tables.first_centre[entry];
    for (let t = start; t < tables.first_centre[entry + 1]; t++) {
      const middle = 12 + t - start;
      const members = [];
      for (let edge = 0; edge < 12; edge++) if ((tables.centres[t] >> edge) & 1) members.push(edge);
      for (let c = 0; c < 3; c++)
        at[3 * middle + c] = members.reduce((a, edge) => a + at[3 * edge + c], 0) / members.length;
      vertex[middle] = this.write(i, j, k, middle);
    }
    for (let t = tables.first_triangle[entry]; t < tables.first_triangle[entry + 1]; t++) {
      const [a, b, c] = tables.triangles[t];
      faces.push(vertex[a], vertex[b], vertex[c]);
    }
  }

  /**
   * Drop the names of edges that no later cell has, to bound memory.
   *
   * @param {number} i Of the slab that is done.
   */
  forget(i) {
    const width = this.side + 2;
    const passed = 3 * (i + 2) * width * width;
    for (const name of this.names.keys()) if (name < passed) this.names.delete(name);
  }
}

/**
 * Twice the area of a triangle between places of `at`.
 *
 * @param {Float64Array} at
 * @param {number} a
 * @param {number} b
 * @param {number} c
 */
function area(at, a, b, c) {
  const [p, q, r] = [at[b] - at[a], at[b + 1] - at[a + 1], at[b + 2] - at[a + 2]];
  const [s, t, u] = [at[c] - at[a], at[c + 1] - at[a + 1], at[c + 2] - at[a + 2]];
  return Math.hypot(q * u - r * t, r * s - p * u, p * t - q * s);
}
