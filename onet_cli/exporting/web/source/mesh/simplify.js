/**
 * Simplification of closed meshes by quadric error; `ext/simplify.pyx`, `geometry/simplify.py`.
 *
 * Source: Garland & Heckbert, SIGGRAPH 1997; the volume that collapses take is given back at the
 * end: Lindstrom & Turk, Visualization 1998.
 *
 * @typedef {import("./marching.js").Mesh} Mesh
 */

import { GONE, LinkedSurface, NEVER, NOT_NOW, YES } from "./linked.js";
import { errorAt, least, shift } from "./quadric.js";
import { EdgeQueue } from "./queue.js";

export const FEWEST_FACES = 4; // of a closed mesh
const STIFFNESS = 1e-13; // share of the area that resists moving off an edge's middle
const FARTHEST = 2; // greatest distance of the new vertex from the edge's middle, in edges
const SHORT_FIRST = 1e-13; // share of the squared length in the cost; orders flat regions
const VOLUME_STIFFNESS = 1e-3; // as STIFFNESS, when volume is given back
const LONGEST_STEP = 0.05; // that a vertex goes to give back volume, in edges
const LEAST_KEY = Math.fround(1e-14); // of an edge that was refused
const GREATEST_GROWTH = 1e6;
const MANY_FILLS = 4;
const FEW = 256; // from then on, at least one edge in so many has to go in a stage that goes on
const CROWD = 32; // faces at the ends of an edge; with twice as many or more it is tried less
const GREATEST_KEY = Math.fround(1e3); // beyond it, an edge waits for the queue to be filled again

// Per stage: least cosine between a face's normals before and after, least shape of a face (its
// height over its longest edge). The next stage begins only when nothing is left to collapse.
const LEAST_COSINE = [0.5, 0, -2];
const LEAST_SHAPE = [1e-3, 1e-4, 1e-6];

/**
 * A closed mesh reduced to `count` faces, or one less; more if the topology needs them.
 *
 * @param {Mesh} mesh
 * @param {number} count At least `FEWEST_FACES`.
 * @returns {Mesh}
 */
export function simplify(mesh, count) {
  if (mesh.faces.length / 3 <= count) return mesh;
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  mesh.vertices.forEach((each, k) => {
    low[k % 3] = Math.min(low[k % 3], each);
    high[k % 3] = Math.max(high[k % 3], each);
  });
  const centre = low.map((each, c) => each / 2 + high[c] / 2);
  const scale = 2 * Math.max(...low.map((each, c) => high[c] / 2 - each / 2)) || 1;
  const places = mesh.vertices.map((each, k) => (each - centre[k % 3]) / scale);
  const work = new Simplifier(places, mesh.faces);
  work.run(count);
  return work.result(centre, scale);
}

class Simplifier {
  /**
   * @param {Float64Array} places (V, 3), about the origin and of unit scale.
   * @param {Uint32Array} faces
   */
  constructor(places, faces) {
    this.places = places;
    this.surface = new LinkedSurface(places.length / 3, faces);
    if (!this.surface.closed) throw new Error("Only closed meshes can be simplified.");
    this.quadrics = new Float64Array((10 * places.length) / 3);
    this.lost = new Float64Array(places.length / 3); // volume that the collapses took away
    this.queue = new EdgeQueue(this.surface.edgeCount);
    this.stamps = new Int32Array(this.surface.edgeCount); // of the ends when last valued
    this.refused = new Float64Array(this.surface.edgeCount); // the ends' `near` at a refusal
    this.growth = 2; // of the key of an edge that was refused, at least
    this.p = new Float64Array(3); // where the edge that was valued last collapses to
    this.q = new Float64Array(10); // and its quadric about its middle
    this.other = new Float64Array(10);
    this.d = new Float64Array(3);
    this.old = new Float64Array(3);
    this.new = new Float64Array(3);
    this.sumQuadrics();
  }

  /** @param {number} count */
  run(count) {
    const { surface, queue } = this;
    let [stage, fills, gone, fewest] = [0, 0, 1, 1];
    while (surface.left > count) {
      if (queue.count === 0) {
        if (gone < fewest) stage++;
        if (stage === LEAST_COSINE.length) break;
        gone = 0;
        this.fillQueue();
        if (queue.count === 0) break;
        // Hardly a mesh gets here: flat fans of thousands of faces.
        if (++fills > MANY_FILLS) {
          this.growth = Math.min(2 * this.growth, GREATEST_GROWTH);
          fewest = Math.max(1, Math.floor(queue.count / FEW));
        }
      }
      if (this.takeTop(stage)) gone++;
    }
    this.restoreVolume();
  }

  /**
   * Write the normal of a face, twice its area long; return its longest edge squared.
   *
   * @param {number} face
   * @param {Float64Array} normal
   */
  normalOf(face, normal) {
    const { places, surface } = this;
    const corner = surface.face;
    const [a, b, c] = [3 * corner[3 * face], 3 * corner[3 * face + 1], 3 * corner[3 * face + 2]];
    return normalBetween(places, a, places, b, places, c, normal);
  }

  /** Give each vertex the planes of its faces, by area. */
  sumQuadrics() {
    const { surface, quadrics } = this;
    const normal = this.new;
    for (let f = 0; f < surface.faceCount; f++) {
      this.normalOf(f, normal);
      const size = Math.hypot(...normal);
      if (size === 0) continue;
      const [x, y, z] = normal.map((each) => each / size);
      const products = [x * x, x * y, x * z, y * y, y * z, z * z];
      for (let n = 0; n < 3; n++) {
        const at = 10 * surface.face[3 * f + n];
        products.forEach((each, k) => (quadrics[at + k] += 0.5 * size * each));
      }
    }
  }

  /**
   * Write where an edge collapses to and its quadric about its middle; return its key.
   *
   * @param {number} edge
   */
  value(edge) {
    const { places, quadrics, surface, q, other, d, p } = this;
    const [u, v] = [surface.first[edge], surface.second[edge]];
    const x = 0.5 * (places[3 * v] - places[3 * u]);
    const y = 0.5 * (places[3 * v + 1] - places[3 * u + 1]);
    const z = 0.5 * (places[3 * v + 2] - places[3 * u + 2]);
    shift(quadrics, 10 * u, x, y, z, q, 0);
    shift(quadrics, 10 * v, -x, -y, -z, other, 0);
    for (let n = 0; n < 10; n++) q[n] += other[n];
    const area = q[0] + q[3] + q[5];
    const length = 4 * (x * x + y * y + z * z);
    least(q, STIFFNESS * area, d);
    const moved = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
    if (moved > FARTHEST * FARTHEST * length) {
      const share = FARTHEST * Math.sqrt(length / moved);
      for (let n = 0; n < 3; n++) d[n] *= share;
    }
    p[0] = places[3 * u] + x + d[0];
    p[1] = places[3 * u + 1] + y + d[1];
    p[2] = places[3 * u + 2] + z + d[2];
    const cost = Math.max(errorAt(q, d), 0) + SHORT_FIRST * area * length;
    // Between the least sum of squared distances and that of distances: see the kernel.
    return Math.fround(Math.sqrt(cost * Math.sqrt(cost) * area));
  }

  /**
   * Whether no face of `u` that stays turns over or degenerates when `u` moves to `p`.
   *
   * @param {number} u
   * @param {number} v The other end of the edge, or GONE.
   * @param {Float64Array} p
   * @param {number} stage
   */
  keepsShape(u, v, p, stage) {
    const { places, surface, old } = this;
    const { face, next } = surface;
    const fresh = this.new;
    for (let c = surface.head[u]; c !== GONE; c = next[c]) {
      const start = c - (c % 3);
      if (face[start] === GONE || surface.has(start / 3, v)) continue;
      const a = 3 * face[start + ((c + 1) % 3)];
      const b = 3 * face[start + ((c + 2) % 3)];
      const oldReach = normalBetween(places, 3 * u, places, a, places, b, old);
      const newReach = normalBetween(p, 0, places, a, places, b, fresh);
      const oldSize = Math.sqrt(dot(old, old));
      const newSize = Math.sqrt(dot(fresh, fresh));
      if (dot(old, fresh) < LEAST_COSINE[stage] * oldSize * newSize) return false;
      // A face that was worse before may stay bad, as long as it gets no worse.
      if (newSize <= LEAST_SHAPE[stage] * newReach)
        if (newSize === 0 || newSize * oldReach < oldSize * newReach) return false;
    }
    return true;
  }

  /**
   * The volume between `p` and the faces of two vertices: what moving both there takes.
   *
   * @param {number} u
   * @param {number} v
   * @param {Float64Array} p
   */
  volumeBelow(u, v, p) {
    const { places, surface } = this;
    const normal = this.new;
    let volume = 0;
    for (const end of [u, v])
      for (let c = surface.head[end]; c !== GONE; c = surface.next[c]) {
        const f = (c - (c % 3)) / 3;
        if (surface.face[3 * f] === GONE || (end === v && surface.has(f, u))) continue;
        this.normalOf(f, normal);
        const at = 3 * surface.face[3 * f];
        for (let n = 0; n < 3; n++) volume += normal[n] * (places[at + n] - p[n]);
      }
    return volume / 6;
  }

  /**
   * Collapse an edge to `p`, `q` being its quadric about its middle; the lower end stays.
   *
   * @param {number} edge
   */
  collapse(edge) {
    const { places, surface, lost, p, q, d } = this;
    const { first, second } = surface;
    if (first[edge] > second[edge]) [first[edge], second[edge]] = [second[edge], first[edge]];
    const [u, v] = [first[edge], second[edge]];
    lost[u] += lost[v] + this.volumeBelow(u, v, p);
    for (let n = 0; n < 3; n++) {
      d[n] = p[n] - 0.5 * (places[3 * u + n] + places[3 * v + n]);
      places[3 * u + n] = p[n];
    }
    shift(q, 0, d[0], d[1], d[2], this.quadrics, 10 * u);
    surface.join(edge);
  }

  /** @param {number} edge */
  stampOf(edge) {
    const { first, second, stamp } = this.surface;
    return stamp[first[edge]] + stamp[second[edge]];
  }

  fillQueue() {
    const { surface, queue, stamps } = this;
    queue.clear();
    this.refused.fill(-1); // another stage may allow it
    for (let edge = 0; edge < surface.edgeCount; edge++) {
      if (surface.first[edge] === GONE) continue;
      stamps[edge] = this.stampOf(edge);
      queue.append(this.value(edge), edge);
    }
    queue.order();
  }

  /**
   * Collapse the edge at the queue's top, or value it anew, or put it off; return whether first.
   *
   * @param {number} stage
   */
  takeTop(stage) {
    const { surface, queue, stamps, p } = this;
    const edge = queue.edges[0];
    const [u, v] = [surface.first[edge], surface.second[edge]];
    if (u === GONE) {
      queue.drop();
      return false;
    }
    const near = (surface.near[u] + surface.near[v]) >>> 0;
    if (near === this.refused[edge]) {
      this.putOff(edge); // for the same reasons as last time
      return false;
    }
    const stamp = this.stampOf(edge);
    const key = this.value(edge);
    // Stamps only grow, so their sum is unchanged only where both are.
    if (stamp !== stamps[edge]) {
      stamps[edge] = stamp;
      queue.sink(0, key, edge);
      return false;
    }
    const answer = surface.mayGo(edge) ? surface.keepsTopology(u, v) : NOT_NOW;
    if (
      answer === YES &&
      this.keepsShape(u, v, p, stage) &&
      this.keepsShape(v, u, p, stage)
    ) {
      queue.drop();
      this.collapse(edge);
      return true;
    }
    this.refused[edge] = near;
    if (answer === NEVER) queue.drop();
    else this.putOff(edge);
    return false;
  }

  /**
   * Give the edge at the queue's top, which was refused, a greater key, or drop it.
   *
   * It may become possible when what is around it has changed: it is tried again at twice the key,
   * or more at a vertex of hundreds of faces, all of which each of its edges looks at.
   *
   * @param {number} edge
   */
  putOff(edge) {
    const { surface, queue } = this;
    const factor = Math.max(this.growth, Math.fround(surface.facesAround(edge) / CROWD));
    const later = Math.max(Math.fround(factor * queue.keys[0]), LEAST_KEY);
    if (later > GREATEST_KEY) queue.drop();
    else queue.sink(0, later, edge);
  }

  /** Move each vertex to give back its lost volume at the least quadric error. */
  restoreVolume() {
    const { places, quadrics, surface, lost, d, p } = this;
    const normal = this.other.subarray(0, 3);
    for (let u = 0; u < surface.vertexCount; u++) {
      if (surface.head[u] === GONE) continue;
      const q = this.q;
      q.set(quadrics.subarray(10 * u, 10 * u + 10));
      q[6] = q[7] = q[8] = 0;
      let longest = 0;
      for (let c = surface.head[u]; c !== GONE; c = surface.next[c]) {
        const f = (c - (c % 3)) / 3;
        if (surface.face[3 * f] === GONE) continue;
        longest = Math.max(longest, this.normalOf(f, normal));
        for (let n = 0; n < 3; n++) q[6 + n] -= normal[n] / 6; // of the volume with the vertex
      }
      least(q, VOLUME_STIFFNESS * (q[0] + q[3] + q[5]), d);
      const gain = -(q[6] * d[0] + q[7] * d[1] + q[8] * d[2]);
      if (!(gain > 0)) continue;
      const step = lost[u] / gain;
      if (step * step * dot(d, d) > LONGEST_STEP * LONGEST_STEP * longest) continue;
      for (let n = 0; n < 3; n++) p[n] = places[3 * u + n] + step * d[n];
      if (this.keepsShape(u, GONE, p, 0)) places.set(p, 3 * u);
    }
  }

  /**
   * The vertices still in use, in their order, and the remaining faces.
   *
   * @param {number[]} centre
   * @param {number} scale
   * @returns {Mesh}
   */
  result(centre, scale) {
    const { face, left } = this.surface;
    const kept = new Uint32Array(3 * left);
    let count = 0;
    for (let at = 0; at < face.length; at += 3)
      if (face[at] !== GONE) for (let n = 0; n < 3; n++) kept[count++] = face[at + n];
    const number = new Int32Array(this.places.length / 3).fill(GONE);
    for (const vertex of kept) number[vertex] = 0;
    const vertices = [];
    let used = 0;
    for (let n = 0; n < number.length; n++) {
      if (number[n] === GONE) continue;
      number[n] = used++;
      for (let c = 0; c < 3; c++) vertices.push(this.places[3 * n + c] * scale + centre[c]);
    }
    return { vertices: Float64Array.from(vertices), faces: kept.map((vertex) => number[vertex]) };
  }
}

/**
 * @param {Float64Array} a
 * @param {Float64Array} b
 */
function dot(a, b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/**
 * Write the normal of a triangle, twice its area long; return its longest edge squared.
 *
 * @param {Float64Array} pa
 * @param {number} a Place in `pa`.
 * @param {Float64Array} pb
 * @param {number} b
 * @param {Float64Array} pc
 * @param {number} c
 * @param {Float64Array} normal
 */
function normalBetween(pa, a, pb, b, pc, c, normal) {
  const [ux, uy, uz] = [pb[b] - pa[a], pb[b + 1] - pa[a + 1], pb[b + 2] - pa[a + 2]];
  const [vx, vy, vz] = [pc[c] - pa[a], pc[c + 1] - pa[a + 1], pc[c + 2] - pa[a + 2]];
  const [wx, wy, wz] = [pc[c] - pb[b], pc[c + 1] - pb[b + 1], pc[c + 2] - pb[b + 2]];
  normal[0] = uy * vz - uz * vy;
  normal[1] = uz * vx - ux * vz;
  normal[2] = ux * vy - uy * vx;
  return Math.max(
    ux * ux + uy * uy + uz * uz,
    vx * vx + vy * vy + vz * vz,
    wx * wx + wy * wy + wz * wz,
  );
}
