/**
 * Multiresolution iso-surface extraction on a dense grid; `geometry/mise.py` and `ext/mise.pyx`.
 *
 * A point whose side is guessed holds an infinity, or once it is asked for the largest finite
 * number, of the sign of its side.
 *
 * @typedef {(points: Float32Array, indices: Int32Array) => Promise<Float32Array>} GridField
 *   Points (N, 3), and their indices in the grid, to logits (N,).
 * @typedef {object} Grid
 * @property {Float32Array} values (R+1)^3 logits; x is the slowest axis.
 * @property {number} resolution R
 * @property {number} coarse Cells per side of the first grid.
 * @property {number} highest
 * @property {number[]} rounds Numbers of points evaluated.
 */

const INSIDE = 1;
const OUTSIDE = 2;
const DIVIDED = 4;
const LARGEST = Math.fround(3.4028234663852886e38);
const LARGEST_COARSE = 64;

/**
 * [coarse, depth] with `resolution` = coarse * 2^depth and coarse below 64.
 *
 * @param {number} resolution
 * @returns {[number, number]}
 */
export function splitResolution(resolution) {
  let depth = 0;
  while (resolution >> depth >= LARGEST_COARSE) depth++;
  return [resolution >> depth, depth];
}

/**
 * The coordinates (N, 3) of grid points.
 *
 * @param {Int32Array} indices
 * @param {number} resolution
 * @param {number} edge Of the cube.
 * @returns {Float32Array}
 */
export function locate(indices, resolution, edge) {
  const side = resolution + 1;
  const axis = Float32Array.from(
    { length: side },
    (_, k) => edge * Math.fround(Math.fround(k / resolution) - 0.5),
  );
  const points = new Float32Array(3 * indices.length);
  for (let n = 0; n < indices.length; n++) {
    const at = indices[n];
    points[3 * n] = axis[Math.floor(at / (side * side))];
    points[3 * n + 1] = axis[Math.floor(at / side) % side];
    points[3 * n + 2] = axis[at % side];
  }
  return points;
}

/**
 * The logits of `field` around its iso-surface.
 *
 * @param {GridField} field
 * @param {number} resolution
 * @param {number} level Iso-level.
 * @param {number} edge Of the cube.
 * @returns {Promise<Grid>}
 */
export async function evaluateGrid(field, resolution, level, edge) {
  const [coarse, depth] = splitResolution(resolution);
  const octree = new Octree(coarse, depth, Math.fround(level));
  let highest = -Infinity;
  /** @type {Int32Array} */
  let points = octree.firstPoints();
  const rounds = [];
  while (points.length) {
    const results = await field(locate(points, resolution, edge), points);
    for (const each of results) highest = Math.max(highest, each);
    if (Number.isNaN(highest)) throw new Error("The network returned no number.");
    rounds.push(points.length);
    octree.record(points, results);
    points = octree.nextPoints(points);
  }
  return { values: octree.filled(), resolution, coarse, highest, rounds };
}

/** Cells of the grid, subdivided around the iso-surface. */
class Octree {
  /**
   * @param {number} coarse
   * @param {number} depth
   * @param {number} level
   */
  constructor(coarse, depth, level) {
    this.coarse = coarse;
    this.depth = depth;
    this.level = level;
    this.side = (coarse << depth) + 1;
    this.values = new Float32Array(this.side ** 3).fill(NaN);
    /** One array of states per level but the finest; cells of level n have edge 2^(depth - n). */
    this.states = Array.from({ length: depth }, (_, n) => new Uint8Array((coarse << n) ** 3));
  }

  firstPoints() {
    const { coarse, side } = this;
    const step = 1 << this.depth;
    const points = new Int32Array((coarse + 1) ** 3);
    let n = 0;
    for (let i = 0; i < side; i += step)
      for (let j = 0; j < side; j += step)
        for (let k = 0; k < side; k += step) points[n++] = (i * side + j) * side + k;
    return points;
  }

  /**
   * Store results, and mark every undivided cell that the points touch.
   *
   * @param {Int32Array} points
   * @param {Float32Array} results
   */
  record(points, results) {
    const { side, depth, coarse, level, values, states } = this;
    const last = side - 1;
    for (let n = 0; n < points.length; n++) {
      const at = points[n];
      const value = Math.min(Math.max(results[n], -LARGEST), LARGEST);
      values[at] = value;
      const bit = value >= level ? INSIDE : OUTSIDE;
      const i = Math.floor(at / (side * side));
      const j = Math.floor(at / side) % side;
      const k = at % side;
      for (let octant = 0; octant < 8; octant++) {
        const [u, v, w] = [octant & 1, (octant >> 1) & 1, octant >> 2];
        // No state is of the finest level: on both sides of an odd plane it is one cell's.
        if (i & u || j & v || k & w) continue;
        const [a, b, c] = [i - u, j - v, k - w];
        if (a < 0 || b < 0 || c < 0 || a === last || b === last || c === last) continue;
        for (let each = 0; each < depth; each++) {
          const step = depth - each;
          const cells = coarse << each;
          const cell = ((a >> step) * cells + (b >> step)) * cells + (c >> step);
          if (!(states[each][cell] & DIVIDED)) {
            states[each][cell] |= bit;
            break;
          }
        }
      }
    }
  }

  /**
   * Subdivide every crossed cell; the points to evaluate next.
   *
   * @param {Int32Array} recorded The points of the last call of `record`.
   * @returns {Int32Array}
   */
  nextPoints(recorded) {
    /** @type {number[]} */
    const asked = [];
    const active = this.states.map((states) => {
      const cells = [];
      for (let cell = 0; cell < states.length; cell++)
        if (states[cell] === (INSIDE | OUTSIDE)) cells.push(cell);
      return cells;
    });
    active.forEach((cells, each) => cells.forEach((cell) => this.divide(cell, each)));
    active.forEach((cells, each) => {
      if (each < this.depth - 1) cells.forEach((cell) => this.request(cell, each, asked));
    });
    if (this.depth) active[this.depth - 1].forEach((cell) => this.requestNear(cell, asked));
    this.requestAround(recorded, asked);
    return Int32Array.from(asked);
  }

  /**
   * The least grid point (i, j, k) of a cell, and the cell's edge.
   *
   * @param {number} cell
   * @param {number} each Level of the cell.
   * @returns {[number, number, number, number]}
   */
  corner(cell, each) {
    const cells = this.coarse << each;
    const edge = 1 << (this.depth - each);
    return [
      edge * Math.floor(cell / (cells * cells)),
      edge * (Math.floor(cell / cells) % cells),
      edge * (cell % cells),
      edge,
    ];
  }

  /**
   * Divide a cell, and give its children the sides already known.
   *
   * @param {number} cell
   * @param {number} each
   */
  divide(cell, each) {
    const { side, level, values } = this;
    this.states[each][cell] |= DIVIDED;
    const [i, j, k, whole] = this.corner(cell, each);
    if (whole === 2) return; // the children are of the finest level, which has no state
    const edge = whole / 2;
    const cells = this.coarse << (each + 1);
    for (let child = 0; child < 8; child++) {
      const a = i + (child & 1) * edge;
      const b = j + ((child >> 1) & 1) * edge;
      const c = k + (child >> 2) * edge;
      let found = 0;
      for (let x = 0; x <= edge; x++)
        for (let y = 0; y <= edge; y++) {
          // Known points of an undivided cell lie on its faces only.
          const stride = x > 0 && x < edge && y > 0 && y < edge ? edge : 1;
          for (let z = 0; z <= edge; z += stride) {
            const value = values[((a + x) * side + b + y) * side + c + z];
            if (!Number.isNaN(value)) found |= value >= level ? INSIDE : OUTSIDE;
          }
        }
      this.states[each + 1][((a / edge) * cells + b / edge) * cells + c / edge] = found;
    }
  }

  /**
   * Ask for the unknown points that dividing a cell needs.
   *
   * @param {number} cell
   * @param {number} each
   * @param {number[]} asked
   */
  request(cell, each, asked) {
    const { side, values } = this;
    const [i, j, k, edge] = this.corner(cell, each);
    const half = edge / 2;
    for (let x = 0; x < 3; x++)
      for (let y = 0; y < 3; y++)
        for (let z = 0; z < 3; z++) {
          const at = ((i + x * half) * side + j + y * half) * side + k + z * half;
          if (!Number.isNaN(values[at])) continue;
          values[at] = 0; // so that no point comes twice
          asked.push(at);
        }
  }

  /**
   * Guess the sides of the unknown points of a cell of edge 2 from its corners, and ask for the
   * guessed ends of grid edges that change side.
   *
   * @param {number} cell
   * @param {number[]} asked
   */
  requestNear(cell, asked) {
    const { side, level, values } = this;
    const [i, j, k] = this.corner(cell, this.depth - 1);
    const where = (/** @type {number} */ n) =>
      ((i + Math.floor(n / 9)) * side + j + (Math.floor(n / 3) % 3)) * side + k + (n % 3);
    for (let here = 0; here < 27; here++) {
      if (!Number.isNaN(values[where(here)])) continue;
      const [x, y, z] = [Math.floor(here / 9), Math.floor(here / 3) % 3, here % 3];
      let [total, corners] = [0, 0];
      for (let a = x & 2; a <= x + (x & 1); a += 2)
        for (let b = y & 2; b <= y + (y & 1); b += 2)
          for (let c = z & 2; c <= z + (z & 1); c += 2, corners++)
            total += values[where(9 * a + 3 * b + c)];
      values[where(here)] = total >= corners * level ? Infinity : -Infinity;
    }
    for (let here = 0; here < 27; here++) {
      const places = [Math.floor(here / 9), Math.floor(here / 3) % 3, here % 3];
      [9, 3, 1].forEach((stride, axis) => {
        if (places[axis] === 2) return;
        const [one, other] = [where(here), where(here + stride)];
        if (values[one] >= level === values[other] >= level) return;
        this.ask(one, asked);
        this.ask(other, asked);
      });
    }
  }

  /**
   * Ask for the guessed neighbours, on the other side, of evaluated points.
   *
   * @param {Int32Array} found
   * @param {number[]} asked
   */
  requestAround(found, asked) {
    const { side, level, values } = this;
    for (const at of found) {
      const inside = values[at] >= level;
      [side * side, side, 1].forEach((stride) => {
        const place = Math.floor(at / stride) % side;
        for (const step of [-1, 1]) {
          if (place + step < 0 || place + step >= side) continue;
          const there = at + step * stride;
          if (Number.isNaN(values[there]) || values[there] >= level === inside) continue;
          this.ask(there, asked);
        }
      });
    }
  }

  /**
   * @param {number} at
   * @param {number[]} asked
   */
  ask(at, asked) {
    const value = this.values[at];
    if (value !== Infinity && value !== -Infinity) return;
    this.values[at] = value > 0 ? LARGEST : -LARGEST;
    asked.push(at);
  }

  /** The values; an unknown one takes the value before it along x, those left along y, then z. */
  filled() {
    const { side, values } = this;
    for (const stride of [side * side, side, 1])
      for (let at = stride; at < values.length; at++)
        if (Number.isNaN(values[at]) && Math.floor(at / stride) % side > 0)
          values[at] = values[at - stride];
    return values;
  }
}
