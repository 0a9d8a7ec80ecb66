/**
 * Vertex colours from the photo; `reconstruction/colour.py`.
 *
 * @typedef {import("../photo/resample.js").Picture} Picture
 * @typedef {import("../mesh/marching.js").Mesh} Mesh
 * @typedef {import("./symmetry.js").SymmetryConstants} SymmetryConstants
 * @typedef {object} ColourConstants
 * @property {number} side
 * @property {[number, number]} grazing
 * @property {[number, number]} behind
 * @property {number} edge
 * @property {number} edgeWeight
 * @property {number} wellSeen
 * @property {number} mirrored
 * @property {number} cells
 * @property {number} neighbours
 * @property {number} upright
 * @property {number} rounds
 * @property {number} planes
 * @property {number} lenders
 * @property {SymmetryConstants} symmetry
 */

import { objectOnWhite } from "../field/mask.js";
import { clip, roundHalfEven } from "../photo/numbers.js";
import { erode } from "../photo/pixels.js";
import { resizeToUnit } from "../photo/resample.js";
import { nearnessMap } from "./depth.js";
import { fillHoles } from "./inpaint.js";
import { Tree } from "./nearest.js";
import { mirror, mirrorPlanes } from "./symmetry.js";

/**
 * The colour (V, 3) of each vertex, sRGB.
 *
 * @param {Mesh} mesh Upright; closed, oriented outward.
 * @param {Float32Array} normals Of the vertices.
 * @param {import("./camera.js").PhotoCamera} camera Of a picture of `constants.side` pixels.
 * @param {Picture} picture The prepared picture.
 * @param {Picture | null} mask
 * @param {ColourConstants} constants
 * @returns {Uint8Array}
 */
export function photoColours(mesh, normals, camera, picture, mask, constants) {
  const { vertices, faces } = mesh;
  const seen = look(mesh, normals, camera, interior(picture, mask, constants), constants);
  const lenders = wellSeen(seen.weight, constants);
  const colours = seen.colours.map((each, k) => each * seen.weight[Math.floor(k / 3)]);
  const hold = seen.weight.slice();
  const places = Float64Array.from(lenders.flatMap((n) => [...vertices.subarray(3 * n, 3 * n + 3)]));
  const tree = new Tree(places);
  for (const plane of mirrorPlanes(vertices, constants.symmetry).slice(0, constants.planes)) {
    const images = mirror(vertices, plane);
    const turned = mirror(normals, { ...plane, offset: 0 });
    for (let n = 0; n < hold.length; n++) {
      if (hold[n] >= 1 - 1e-3) continue;
      const { found, distances } = tree.nearest(images.subarray(3 * n, 3 * n + 3), 1);
      const lender = lenders[found[0]];
      const facing = dot(turned, 3 * n, normals, 3 * lender);
      const share =
        clip(2 - (2 * distances[0]) / constants.mirrored, 0, 1) *
        clip(2 * facing, 0, 1) *
        seen.weight[lender] *
        (1 - hold[n]);
      for (let c = 0; c < 3; c++) colours[3 * n + c] += share * seen.colours[3 * lender + c];
      hold[n] += share;
    }
  }
  addNearest(vertices, colours, hold, lenders, seen.colours, constants);
  return Uint8Array.from(smoothed(colours, faces, hold, constants.rounds), (each) =>
    roundHalfEven(clip(each, 0, 255)),
  );
}

/**
 * @param {Float64Array} weight
 * @param {ColourConstants} constants
 * @returns {number[]}
 */
function wellSeen(weight, { wellSeen: least, lenders }) {
  const well = [...weight.keys()].filter((n) => weight[n] >= least);
  if (!well.length) return [weight.indexOf(Math.max(...weight))];
  const step = Math.ceil(well.length / lenders);
  return well.filter((_, n) => n % step === 0);
}

/**
 * The picture (side, side, 3), 0 to 255, with the object's colours extended over its background.
 *
 * @param {Picture} picture
 * @param {Picture | null} mask
 * @param {ColourConstants} constants
 * @returns {Float32Array}
 */
function interior(picture, mask, { side, edge, edgeWeight }) {
  const planes = resizeToUnit(picture, side);
  const count = side * side;
  const found = mask ? resizeToUnit(mask, side) : objectOnWhite(planes, side);
  const rows = Float32Array.from({ length: 3 * count }, (_, k) => planes[(k % 3) * count + Math.floor(k / 3)]);
  if (found === null) return rows.map((each) => 255 * each);
  const weight = Float32Array.from(found);
  const sure = Uint8Array.from(weight, (each) => (each > 0.9 ? 1 : 0));
  const inner = withoutBorder(erode(sure, side, edge), side, edge);
  const known = weight.map((each, at) => (inner[at] ? 1 : each > 0.5 ? edgeWeight : 0));
  const weighted = rows.map((each, k) => {
    const at = Math.floor(k / 3);
    // Remove the white that is mixed in at the edge, according to the weight.
    const share = Math.max(weight[at], 0.25);
    return clip((each - (1 - share)) / share, 0, 1) * known[at];
  });
  return fillHoles(weighted, known, side).map((each) => 255 * each);
}

/**
 * @param {Uint8Array} mask
 * @param {number} side
 * @param {number} edge
 */
function withoutBorder(mask, side, edge) {
  return mask.map((each, at) => {
    const [x, y] = [at % side, Math.floor(at / side)];
    return each && Math.min(x, y, side - 1 - x, side - 1 - y) >= edge ? 1 : 0;
  });
}

/**
 * The colour (V, 3) of each vertex in the picture, and its visibility (V,).
 *
 * @param {Mesh} mesh
 * @param {Float32Array} normals
 * @param {import("./camera.js").PhotoCamera} camera
 * @param {Float32Array} picture
 * @param {ColourConstants} constants
 */
function look({ vertices, faces }, normals, camera, picture, { side, grazing, behind }) {
  const seen = camera.project(vertices);
  const near = nearnessMap(seen, faces, side);
  const weight = new Float64Array(vertices.length / 3);
  const colours = new Float64Array(vertices.length);
  for (let n = 0; n < weight.length; n++) {
    const [x, y, depth] = seen.subarray(3 * n, 3 * n + 3);
    const ray = camera.place.map((each, c) => each - vertices[3 * n + c]);
    const length = Math.max(Math.hypot(...ray), 1e-9);
    const facing = ray.reduce((a, each, c) => a + each * normals[3 * n + c], 0) / length;
    const [column, row] = [clip(Math.trunc(x), 0, side - 1), clip(Math.trunc(y), 0, side - 1)];
    const away = depth - 1 / Math.max(near[row * side + column], 1e-9);
    const inside = x >= 0 && x < side && y >= 0 && y < side && depth > 0;
    weight[n] = inside ? ramp(facing, ...grazing) * (1 - ramp(away, ...behind)) : 0;
    sample(picture, side, x, y, colours, 3 * n);
  }
  return { colours, weight };
}

/**
 * A smooth step from 0 at `low` to 1 at `high`.
 *
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
function ramp(value, low, high) {
  const t = clip((value - low) / (high - low), 0, 1);
  return t * t * (3 - 2 * t);
}

/**
 * @param {Float32Array} picture
 * @param {number} side
 * @param {number} x
 * @param {number} y
 * @param {Float64Array} out
 * @param {number} start
 */
function sample(picture, side, x, y, out, start) {
  const [u, v] = [clip(x - 0.5, 0, side - 1 - 1e-6), clip(y - 0.5, 0, side - 1 - 1e-6)];
  const [column, row] = [Math.floor(u), Math.floor(v)];
  const [right, down] = [u - column, v - row];
  const read = (/** @type {number} */ r, /** @type {number} */ q, /** @type {number} */ c) => picture[3 * (r * side + q) + c];
  for (let c = 0; c < 3; c++) {
    const upper = (1 - right) * read(row, column, c) + right * read(row, column + 1, c);
    const lower = (1 - right) * read(row + 1, column, c) + right * read(row + 1, column + 1, c);
    out[start + c] = (1 - down) * upper + down * lower;
  }
}

/**
 * Add mean colours of the visible vertices nearest to the cell of each hidden one.
 *
 * Differences in height count `upright` times.
 *
 * @param {Float64Array} vertices
 * @param {Float64Array} colours
 * @param {Float64Array} hold
 * @param {number[]} lenders
 * @param {Float64Array} known
 * @param {ColourConstants} constants
 */
function addNearest(vertices, colours, hold, lenders, known, { cells, neighbours, upright }) {
  const stretch = [1, upright, 1];
  const tree = new Tree(
    Float64Array.from(lenders.flatMap((n) => stretch.map((each, c) => each * vertices[3 * n + c]))),
  );
  /** @type {Map<number, number[]>} */
  const groups = new Map();
  for (let n = 0; n < hold.length; n++) {
    if (hold[n] >= 1 - 1e-3) continue;
    const [i, j, k] = [0, 1, 2].map((c) => Math.floor(vertices[3 * n + c] * cells) + cells);
    const name = i + 4 * cells * (j + 4 * cells * k);
    const group = groups.get(name);
    if (group) group.push(n);
    else groups.set(name, [n]);
  }
  for (const group of groups.values()) {
    const middle = [0, 1, 2].map(
      (c) => (stretch[c] * group.reduce((a, n) => a + vertices[3 * n + c], 0)) / group.length,
    );
    const { found, distances } = tree.nearest(middle, Math.min(neighbours, lenders.length));
    const weights = distances.map((each) => 1 / (each + 0.01));
    const total = weights.reduce((a, b) => a + b);
    for (let c = 0; c < 3; c++) {
      const mean = found.reduce((a, at, k) => a + weights[k] * known[3 * lenders[at] + c], 0) / total;
      for (const n of group) colours[3 * n + c] += (1 - hold[n]) * mean;
    }
  }
}

/**
 * Colours averaged with their neighbours along edges, where `hold` is below 1.
 *
 * @param {Float64Array} first
 * @param {Uint32Array} faces
 * @param {Float64Array} hold
 * @param {number} rounds
 * @returns {Float64Array}
 */
function smoothed(first, faces, hold, rounds) {
  let found = first;
  for (let round = 0; round < rounds; round++) {
    const sums = new Float64Array(first.length);
    const counts = new Uint32Array(hold.length);
    for (let k = 0; k < faces.length; k++) {
      const [start, end] = [faces[k], faces[k % 3 === 2 ? k - 2 : k + 1]];
      counts[start]++;
      for (let c = 0; c < 3; c++) sums[3 * start + c] += found[3 * end + c];
    }
    found = first.map((each, k) => {
      const n = Math.floor(k / 3);
      const kept = clip(hold[n], 0, 1);
      return kept < 1 ? kept * each + ((1 - kept) * sums[k]) / Math.max(counts[n], 1) : each;
    });
  }
  return found;
}

/**
 * @param {Float64Array} one
 * @param {number} a
 * @param {Float32Array} other
 * @param {number} b
 */
function dot(one, a, other, b) {
  return one[a] * other[b] + one[a + 1] * other[b + 1] + one[a + 2] * other[b + 2];
}
