/**
 * The iso-surface with pieces joined across shallow gaps; `reconstruction/joined.py`.
 *
 * @typedef {import("./mise.js").GridField} GridField
 * @typedef {import("./mise.js").Grid} Grid
 * @typedef {import("./marching.js").Mesh} Mesh
 * @typedef {import("./marching.js").Tables} Tables
 * @typedef {import("./bridges.js").BridgeConstants} BridgeConstants
 * @typedef {object} JoinConstants
 * @property {number} join
 * @property {number} whole
 * @property {number} unseen
 * @property {BridgeConstants} bridges
 * @property {number} edge Of the cube.
 * @property {Tables} tables
 */

import { labelPieces, liftGaps } from "./bridges.js";
import { isWhole } from "./components.js";
import { extractSurface } from "./marching.js";
import { evaluateGrid, locate } from "./mise.js";

/**
 * @param {(points: Float32Array) => Promise<Float32Array>} field
 * @param {number} resolution
 * @param {number} level
 * @param {JoinConstants} constants
 * @param {boolean} join
 * @param {(share: string) => void} tell Called before each step.
 * @returns {Promise<{mesh: Mesh, evaluations: number}>}
 */
export async function surfaceOf(field, resolution, level, constants, join, tell) {
  const { edge, tables } = constants;
  const memory = new Memory(field, resolution);
  const grid = await evaluateGrid(memory.ask, resolution, level, edge);
  if (grid.highest < level) throw new Error("No surface: the network sees nothing solid.");
  const mesh = extractSurface(grid.values, resolution, level, edge, tables);
  if (!join || isWhole(mesh, constants.whole)) return { mesh, evaluations: memory.count };
  tell("joining pieces");
  const near = await sampleNear(memory, grid, level, constants);
  const lift = liftGaps(near, level, constants.join, constants.bridges);
  if (lift === null) return { mesh, evaluations: memory.count };
  const size = Math.round(Math.cbrt(lift.length));
  /** @type {GridField} */
  const lifted = async (points, indices) => {
    const logits = (await memory.ask(points, indices)).slice();
    const side = resolution + 1;
    for (let n = 0; n < indices.length; n++) {
      const at = indices[n];
      const places = [Math.floor(at / side / side), Math.floor(at / side) % side, at % side];
      logits[n] += interpolated(lift, size, places.map((place) => (place / resolution) * (size - 1)));
    }
    return logits;
  };
  const joined = await evaluateGrid(lifted, resolution, level, edge);
  return {
    mesh: extractSurface(joined.values, resolution, level, edge, tables),
    evaluations: memory.count,
  };
}

/** A field with cached values at grid points. */
class Memory {
  /**
   * @param {(points: Float32Array) => Promise<Float32Array>} field
   * @param {number} resolution
   */
  constructor(field, resolution) {
    this.field = field;
    this.known = new Float32Array((resolution + 1) ** 3).fill(NaN); // where it was not asked
    this.count = 0;
    this.ask = this.ask.bind(this);
  }

  /**
   * @param {Float32Array} points
   * @param {Int32Array} indices
   * @returns {Promise<Float32Array>}
   */
  async ask(points, indices) {
    const { known } = this;
    const fresh = new Int32Array(indices.length);
    let count = 0;
    for (let n = 0; n < indices.length; n++)
      if (Number.isNaN(known[indices[n]])) fresh[count++] = n;
    if (count) {
      const places = new Float32Array(3 * count);
      for (let k = 0; k < count; k++)
        for (let c = 0; c < 3; c++) places[3 * k + c] = points[3 * fresh[k] + c];
      const logits = await this.field(places);
      for (let k = 0; k < count; k++) known[indices[fresh[k]]] = logits[k];
      this.count += count;
    }
    return Float32Array.from(indices, (at) => known[at]);
  }
}

/**
 * The field on a lattice twice as fine as the coarse grid, -Infinity where not evaluated.
 *
 * @param {Memory} memory
 * @param {Grid} grid
 * @param {number} level
 * @param {JoinConstants} constants
 * @returns {Promise<Float32Array>}
 */
async function sampleNear(memory, { coarse, resolution }, level, { join, unseen, edge }) {
  const finest = resolution === coarse;
  const size = (finest ? 1 : 2) * coarse + 1;
  const step = resolution / (size - 1);
  const side = resolution + 1;
  const gridIndex = (/** @type {number} */ at) =>
    ((Math.floor(at / size / size) * side + (Math.floor(at / size) % size)) * side + (at % size)) *
    step;
  const lattice = new Float32Array(size ** 3).fill(-Infinity);
  const marked = new Uint8Array(lattice.length);
  const stride = finest ? 1 : 2;
  for (let i = 0; i < size; i += stride)
    for (let j = 0; j < size; j += stride)
      for (let k = 0; k < size; k += stride) {
        const at = (i * size + j) * size + k;
        lattice[at] = memory.known[gridIndex(at)];
        marked[at] = lattice[at] >= level - join - unseen ? 1 : 0;
      }
  if (finest) return lattice;
  const asked = [];
  const near = dilated(marked, size);
  for (let at = 0; at < near.length; at++)
    if (near[at] && lattice[at] === -Infinity) asked.push(at);
  const indices = Int32Array.from(asked, gridIndex);
  const logits = await memory.ask(locate(indices, resolution, edge), indices);
  asked.forEach((at, n) => (lattice[at] = logits[n]));
  return lattice;
}

/**
 * @param {Uint8Array} marked (N^3)
 * @param {number} size
 * @returns {Uint8Array}
 */
function dilated(marked, size) {
  let found = marked;
  for (const stride of [size * size, size, 1]) {
    const before = found;
    found = before.map((each, at) => {
      const place = Math.floor(at / stride) % size;
      return each || (place > 0 && before[at - stride]) || (place < size - 1 && before[at + stride])
        ? 1
        : 0;
    });
  }
  return found;
}

/**
 * @param {Float32Array} values (N^3)
 * @param {number} size
 * @param {number[]} place Index coordinates.
 */
function interpolated(values, size, place) {
  const cell = place.map((at) => Math.min(Math.max(Math.floor(at), 0), size - 2));
  const part = place.map((at, c) => Math.min(Math.max(at - cell[c], 0), 1));
  let found = 0;
  for (let corner = 0; corner < 8; corner++) {
    const step = [corner >> 2, (corner >> 1) & 1, corner & 1];
    const weight = step.reduce((w, up, c) => w * (up ? part[c] : 1 - part[c]), 1);
    if (weight)
      found += weight * values[((cell[0] + step[0]) * size + cell[1] + step[1]) * size + cell[2] + step[2]];
  }
  return found;
}

/**
 * The highest of a few lower thresholds at which the surface is connected, or null.
 *
 * @param {(points: Float32Array) => Promise<Float32Array>} field
 * @param {number} level
 * @param {{look: number, lowered: number[]}} tried
 * @param {JoinConstants} constants
 * @returns {Promise<number | null>}
 */
export async function wholeThreshold(field, level, { look, lowered }, { edge, whole }) {
  const axis = Float32Array.from({ length: look }, (_, n) => Math.fround(n / (look - 1)) - 0.5);
  const points = new Float32Array(3 * look ** 3);
  for (let at = 0; at < look ** 3; at++) {
    points[3 * at] = edge * axis[Math.floor(at / look / look)];
    points[3 * at + 1] = edge * axis[Math.floor(at / look) % look];
    points[3 * at + 2] = edge * axis[at % look];
  }
  const logits = await field(points);
  const usual = 1 / (1 + Math.exp(-level));
  for (const share of lowered) {
    const threshold = share * usual;
    const lower = Math.log(threshold) - Math.log1p(-threshold);
    if (largestPiece(logits, look, lower) >= whole) return threshold;
  }
  return null;
}

/**
 * The share of the points at or above `level` in their largest piece.
 *
 * @param {Float32Array} logits
 * @param {number} size
 * @param {number} level
 */
function largestPiece(logits, size, level) {
  const counts = new Map();
  let total = 0;
  for (const piece of labelPieces(logits, size, Math.fround(level))) {
    if (piece < 0) continue;
    counts.set(piece, (counts.get(piece) ?? 0) + 1);
    total++;
  }
  return total ? Math.max(...counts.values()) / total : 0;
}
