/**
 * A closed surface whose edges can be collapsed; `ext/surface.pxi`.
 *
 * Every vertex heads a linked list of its corners: corner c is that of vertex c % 3 of face c / 3.
 * A collapse joins two lists. An edge is a record of its own that the faces beside it name, so that
 * it keeps its number when its ends change.
 */

export const GONE = -1;
const MOST_AROUND = 4096; // faces at the ends of an edge: to look at all for each edge is quadratic

export const YES = 0;
export const NOT_NOW = 1;
export const NEVER = 2;

const faceOf = (/** @type {number} */ corner) => Math.floor(corner / 3);

export class LinkedSurface {
  /**
   * @param {number} vertexCount
   * @param {Uint32Array} faces (F, 3)
   */
  constructor(vertexCount, faces) {
    this.vertexCount = vertexCount;
    this.faceCount = faces.length / 3;
    this.left = this.faceCount;
    this.face = Int32Array.from(faces); // the first is GONE where the face is
    this.edge = new Int32Array(faces.length); // that opposite each corner
    this.next = new Int32Array(faces.length); // corner of the same vertex, or GONE
    this.head = new Int32Array(vertexCount).fill(GONE);
    this.stamp = new Int32Array(vertexCount); // grows whenever the vertex changes
    this.around = new Int32Array(vertexCount); // faces of each vertex
    // Grows whenever the vertex, a neighbour or a face between them changes.
    this.near = new Uint32Array(vertexCount);
    this.mark = new Int32Array(vertexCount);
    this.epoch = 0;
    this.first = new Int32Array(faces.length); // of an edge; GONE where the edge is
    this.second = new Int32Array(faces.length);
    this.shared = new Int32Array(faces.length); // faces of each edge
    this.edgeCount = 0;
    this.linkCorners();
    this.findEdges();
  }

  linkCorners() {
    for (let corner = this.face.length - 1; corner >= 0; corner--) {
      const vertex = this.face[corner];
      this.around[vertex]++;
      this.next[corner] = this.head[vertex];
      this.head[vertex] = corner;
    }
  }

  /** Number the edges, in the order of their lower ends. */
  findEdges() {
    const { face, next, mark } = this;
    for (let u = 0; u < this.vertexCount; u++) {
      const earlier = this.edgeCount;
      for (let c = this.head[u]; c !== GONE; c = next[c]) {
        const start = 3 * faceOf(c);
        const k = c % 3;
        for (let n = 1; n < 3; n++) {
          const w = face[start + ((k + n) % 3)];
          if (w < u) continue;
          // Marks hold the edge's number plus one; those of other vertices are lower.
          if (mark[w] <= earlier) {
            this.first[this.edgeCount] = u;
            this.second[this.edgeCount] = w;
            mark[w] = ++this.edgeCount;
          }
          this.shared[mark[w] - 1]++;
          this.edge[start + ((k + 3 - n) % 3)] = mark[w] - 1;
        }
      }
    }
    mark.fill(0);
  }

  /** Whether each edge has two faces. */
  get closed() {
    return this.shared.subarray(0, this.edgeCount).every((count) => count === 2);
  }

  /**
   * @param {number} f Face.
   * @param {number} vertex
   */
  has(f, vertex) {
    const { face } = this;
    return face[3 * f] === vertex || face[3 * f + 1] === vertex || face[3 * f + 2] === vertex;
  }

  /**
   * How many faces the two ends of an edge have; those of the edge count twice.
   *
   * @param {number} edge
   */
  facesAround(edge) {
    return this.around[this.first[edge]] + this.around[this.second[edge]];
  }

  /** @param {number} edge */
  mayGo(edge) {
    return this.shared[edge] > 0 && this.shared[edge] <= 2 && this.facesAround(edge) <= MOST_AROUND;
  }

  /**
   * Whether collapsing u-v, which `mayGo`, leaves a manifold one (the link condition).
   *
   * @param {number} u
   * @param {number} v
   */
  keepsTopology(u, v) {
    const { face, next, head, mark } = this;
    let [atU, atV, shared, common] = [0, 0, 0, 0];
    this.epoch += 2;
    const { epoch } = this;
    for (let c = head[u]; c !== GONE; c = next[c]) {
      const f = faceOf(c);
      if (face[3 * f] === GONE) continue;
      atU++;
      if (this.has(f, v)) shared++;
      for (let n = 0; n < 3; n++) mark[face[3 * f + n]] = epoch - 1;
    }
    mark[u] = mark[v] = epoch;
    for (let c = head[v]; c !== GONE; c = next[c]) {
      const f = faceOf(c);
      if (face[3 * f] === GONE) continue;
      atV++;
      for (let n = 0; n < 3; n++) {
        const w = face[3 * f + n];
        if (mark[w] !== epoch - 1) continue;
        mark[w] = epoch;
        common++;
      }
    }
    if (atU === shared && atV === shared) return NEVER; // two faces of the same corners
    if (atU === 3 && atV === 3 && shared === 2) return NEVER; // a tetrahedron
    return common === shared ? YES : NOT_NOW;
  }

  /**
   * Remove the face of corner `c`, of an edge to `u`: its other two edges become one.
   *
   * @param {number} c
   * @param {number} u
   */
  removeFace(c, u) {
    const { face, edge, next } = this;
    const start = 3 * faceOf(c);
    const v = face[c];
    const kept = edge[c];
    let lost = edge[start];
    for (let n = 1; n < 3; n++) if (face[start + n] === u) lost = edge[start + n];
    for (let n = 0; n < 3; n++) {
      this.around[face[start + n]]--;
      this.near[face[start + n]]++;
    }
    face[start] = GONE;
    this.left--;
    for (let beside = this.head[v]; beside !== GONE; beside = next[beside]) {
      const f = 3 * faceOf(beside);
      if (face[f] === GONE) continue;
      for (let n = 0; n < 3; n++) if (edge[f + n] === lost) edge[f + n] = kept;
    }
    this.shared[kept] += this.shared[lost] - 2;
    this.first[lost] = GONE;
  }

  /**
   * Merge the second end of an edge into the first; the faces between them go.
   *
   * @param {number} number
   */
  join(number) {
    const { face, edge, next, head, first, second } = this;
    const [u, v] = [first[number], second[number]];
    for (let c = head[v]; c !== GONE; c = next[c]) {
      const f = faceOf(c);
      if (face[3 * f] !== GONE && this.has(f, u)) this.removeFace(c, u);
    }
    first[number] = GONE;
    let kept = GONE;
    for (const end of [v, u])
      for (let c = head[end], following; c !== GONE; c = following) {
        following = next[c];
        if (face[3 * faceOf(c)] === GONE) continue;
        face[c] = u;
        next[c] = kept;
        kept = c;
      }
    head[u] = kept;
    head[v] = GONE;
    for (let c = kept; c !== GONE; c = next[c])
      for (let n = 1; n < 3; n++) {
        const at = 3 * faceOf(c) + ((c + n) % 3);
        this.near[face[at]]++;
        const spoke = edge[at];
        if (first[spoke] === v) first[spoke] = u;
        else if (second[spoke] === v) second[spoke] = u;
      }
    this.around[u] += this.around[v];
    this.near[u] += this.near[v] + 1;
    this.stamp[u] += this.stamp[v] + 1;
  }
}
