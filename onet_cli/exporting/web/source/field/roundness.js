/**
 * Round objects become bodies of revolution; `reconstruction/roundness.py` and
 * `reconstruction/revolution.py`.
 *
 * @typedef {import("./ensemble.js").Field} Field
 * @typedef {import("./ensemble.js").Camera} Camera
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./outline.js").OutlineConstants} OutlineConstants
 * @typedef {object} RoundConstants
 * @property {number} bins
 * @property {number} least
 * @property {number} full
 * @property {number} share
 * @property {number} step
 * @property {number} radii
 * @property {number} heights
 * @property {number} angles
 * @property {number} even
 * @property {number} clip
 * @property {number} close
 * @property {number} soft
 * @property {number} outer
 * @property {number} margin
 * @property {number} limit
 * @property {number} run
 * @property {number} wall
 * @property {number} finer
 * @property {number} rim
 * @property {number} agrees
 * @property {number} narrow
 * @property {number} hidden
 * @property {number} grown
 * @property {number} edge
 * @typedef {{round: RoundConstants, outline: OutlineConstants, frame: Frame}} Constants
 * @typedef {{x: number, z: number, trust: number}} Axis
 *
 * @typedef {object} Revolution
 * @property {Float64Array} table (heights, radii) logits above the level.
 * @property {Float64Array} weights (side, side) how much of the field is replaced.
 * @property {Axis} axis
 */

import { clip, quantile } from "../photo/numbers.js";
import { fromCube, linspace, look, tilt, toCube } from "./frame.js";
import { coverage } from "./outline.js";
import { blurredInside, filtered, opened, sampled } from "./rayMaps.js";
import { sigmoid } from "./threshold.js";

/**
 * The axis of a round object; null if it is not round.
 *
 * @param {ArrayLike<number>} symmetry Logits of a mirror plane at each angle, then x and z.
 * @param {RoundConstants} constants
 * @returns {Axis | null}
 */
export function findAxis(symmetry, { bins, least, full, share }) {
  const values = Array.from(symmetry);
  const probable = quantile(values.slice(0, bins).map(sigmoid), share);
  const trust = Math.min((probable - least) / (full - least), 1);
  const [x, z] = values.slice(bins, bins + 2);
  return trust > 0 && Number.isFinite(x + z) ? { x, z, trust } : null;
}

/**
 * The body of revolution that replaces a field; null if it agrees too little with the mask.
 *
 * @param {Field} field Without any changes.
 * @param {number} level
 * @param {Camera} camera
 * @param {Uint8Array} mask (S, S)
 * @param {Axis} axis
 * @param {Constants} constants
 * @returns {Promise<Revolution | null>}
 */
export async function findRevolution(field, level, camera, mask, axis, constants) {
  const { round, outline, frame } = constants;
  const covered = coverage(mask, outline.side);
  const sides = besideAxis(axis, camera, round, frame);
  const near = nearMask(covered, sides, round, outline.side);
  const table = await meanAround(field, level, axis, near, round, frame);
  const raised = raisedWalls(table, covered, sides, highestOf(table, axis, camera, constants), constants);
  for (let k = 0; k < table.length; k++) table[k] += raised[k];
  const highest = highestOf(table, axis, camera, constants);
  const body = Uint8Array.from(highest, (each) => Number(each >= 0));
  const shown = Uint8Array.from(covered, (each) => Number(each > 0.5));
  const bare = shown.map((each, ray) => Number(each && !body[ray]));
  const parts = partsBeside(bare, body, sides[0], round, outline.side);
  const [both, either] = [0, 0].map((_, any) =>
    shown.reduce((sum, each, ray) => {
      const made = any ? body[ray] : body[ray] || parts[ray];
      return sum + Number(any ? each || made : each && made);
    }, 0),
  );
  if (both < round.agrees * either) return null;
  const kept = Float64Array.from(parts, (part) => (part ? 0 : axis.trust));
  return { table, weights: blurredInside(kept, round.edge, outline.side), axis };
}

/**
 * The field with a body of revolution in its place.
 *
 * @param {Field} field
 * @param {Revolution} revolution
 * @param {number} level
 * @param {Camera} camera
 * @param {Constants} constants
 * @returns {Field}
 */
export function withRevolution(field, { table, weights, axis }, level, camera, constants) {
  const { round, outline, frame } = constants;
  const border = 1 - 1 / outline.side;
  return async (points) => {
    const logits = await field(points);
    const seen = look(points, camera, frame);
    const places = fromCube(Float64Array.from(points), frame);
    for (let n = 0; n < logits.length; n++) {
      const [x, y] = [clip(seen[3 * n], -border, border), clip(seen[3 * n + 1], -border, border)];
      const weight = sampled(weights, x, y, outline.side);
      const radius = Math.hypot(places[3 * n] - axis.x, places[3 * n + 2] - axis.z);
      const height = lookUp(table, radius, places[3 * n + 1], round);
      logits[n] += weight * (level + height - logits[n]);
    }
    return logits;
  };
}

/**
 * A table at a radius and height; bilinear, beyond it the values of its border.
 *
 * @param {Float64Array} table
 * @param {number} radius
 * @param {number} height
 * @param {RoundConstants} constants
 */
function lookUp(table, radius, height, { step, radii, heights }) {
  const across = clip(radius / step, 0, radii - 1);
  const up = clip(height / step + (heights - 1) / 2, 0, heights - 1);
  const column = Math.min(Math.floor(across), radii - 2);
  const row = Math.min(Math.floor(up), heights - 2);
  const [right, above] = [across - column, up - row];
  const at = row * radii + column;
  const lower = (1 - right) * table[at] + right * table[at + 1];
  const upper = (1 - right) * table[at + radii] + right * table[at + radii + 1];
  return (1 - above) * lower + above * upper;
}

/**
 * @param {number} row
 * @param {RoundConstants} constants
 */
const heightOf = (row, { step, heights }) => step * (row - (heights - 1) / 2);

/**
 * Where each height and radius is seen to the left and right of the axis, (heights, radii, 2) each.
 *
 * @param {Axis} axis
 * @param {Camera} camera
 * @param {RoundConstants} round
 * @param {Frame} frame
 */
function besideAxis(axis, { elevation, kappa }, round, frame) {
  return [-1, 1].map((sign) => {
    const places = new Float64Array(3 * round.heights * round.radii);
    for (let k = 0; k < places.length / 3; k++) {
      const row = Math.floor(k / round.radii);
      const x = axis.x + sign * round.step * (k % round.radii);
      places.set([x, heightOf(row, round), axis.z], 3 * k);
    }
    const rays = tilt(places, elevation);
    const seen = new Float64Array((2 * rays.length) / 3);
    for (let k = 0; k < seen.length / 2; k++) {
      const depth = Math.max(1 - kappa * rays[3 * k + 2], frame.leastDepth);
      seen.set([rays[3 * k] / depth, rays[3 * k + 1] / depth], 2 * k);
    }
    return seen;
  });
}

/**
 * Whether the object may be at each height and radius, on either side.
 *
 * @param {Float64Array} covered (side, side)
 * @param {Float64Array[]} sides
 * @param {RoundConstants} round
 * @param {number} side
 */
function nearMask(covered, sides, { close }, side) {
  const around = filtered(covered, [close, close], Math.max, 0, side);
  return Uint8Array.from({ length: sides[0].length / 2 }, (_, k) =>
    Number(sides.some((seen) => sampled(around, seen[2 * k], seen[2 * k + 1], side) > 0)),
  );
}

/**
 * The mean of a field, above its level, over the angles around the axis.
 *
 * @param {Field} field
 * @param {number} level
 * @param {Axis} axis
 * @param {Uint8Array} near (heights, radii)
 * @param {RoundConstants} round
 * @param {Frame} frame
 */
async function meanAround(field, level, axis, near, round, frame) {
  const { step, radii, angles, even } = round;
  const turns = Array.from({ length: angles }, (_, k) => (2 * Math.PI * k) / angles);
  const weights = turns.map((turn) => even + (1 - even) * Math.cos(turn) ** 2);
  const total = weights.reduce((a, b) => a + b);
  const used = Array.from(near.keys()).filter((k) => near[k]);
  const places = new Float64Array(3 * angles * used.length);
  used.forEach((k, n) => {
    const [row, radius] = [Math.floor(k / radii), step * (k % radii)];
    turns.forEach((turn, a) => {
      const [x, z] = [axis.x + radius * Math.cos(turn), axis.z + radius * Math.sin(turn)];
      places.set([x, heightOf(row, round), z], 3 * (n * angles + a));
    });
  });
  const logits = await field(Float32Array.from(toCube(places, frame)));
  const table = new Float64Array(near.length).fill(-round.clip);
  used.forEach((k, n) => {
    table[k] = 0;
    for (let a = 0; a < angles; a++)
      table[k] += (clip(logits[n * angles + a] - level, -round.clip, round.clip) * weights[a]) / total;
  });
  return table;
}

/**
 * The maximum of a body along each ray of the image, (side, side).
 *
 * @param {Float64Array} table
 * @param {Axis} axis
 * @param {Camera} camera
 * @param {Constants} constants
 */
function highestOf(table, axis, { elevation, kappa }, { round, outline }) {
  const { side, depths: count, nearest } = outline;
  const depths = linspace(-nearest, nearest, round.finer * count);
  const place = new Float64Array(3);
  return Float64Array.from({ length: side * side }, (_, ray) => {
    const x = ((ray % side) + 0.5) * (2 / side) - 1;
    const y = (Math.floor(ray / side) + 0.5) * (2 / side) - 1;
    let highest = -Infinity;
    for (const depth of depths) {
      const shrink = 1 - kappa * depth;
      place.set([x * shrink, y * shrink, depth]);
      tilt(place, elevation);
      const radius = Math.hypot(place[0] - axis.x, place[2] - axis.z);
      highest = Math.max(highest, lookUp(table, radius, place[1], round));
    }
    return highest;
  });
}

/**
 * How much walls are raised, where the photo shows them and the body does not, (heights, radii).
 *
 * @param {Float64Array} table
 * @param {Float64Array} covered (side, side)
 * @param {Float64Array[]} sides
 * @param {Float64Array} highest (side, side)
 * @param {Constants} constants
 */
function raisedWalls(table, covered, sides, highest, { round, outline }) {
  const { radii, heights, step, soft, outer, narrow, margin, limit, hidden, run, wall } = round;
  const { side } = outline;
  const soften = blurredInside(covered, soft, side);
  const at = (/** @type {Float64Array} */ map, /** @type {Float64Array} */ seen, /** @type {number} */ k) =>
    sampled(map, seen[2 * k], seen[2 * k + 1], side);
  const [needs, peaks] = [new Float64Array(heights), new Int32Array(heights)];
  const lacking = new Uint8Array(heights);
  for (let row = 0; row < heights; row++) {
    const start = row * radii;
    let last = -1; // the last radius inside
    while (last + 1 < radii && sides.every((seen) => at(soften, seen, start + last + 1) > 0.5)) last++;
    if (last < 0) continue;
    let best = -Infinity;
    for (let k = last > narrow ? Math.ceil(outer * last) : 0; k <= last; k++)
      if (table[start + k] > best) [best, peaks[row]] = [table[start + k], k];
    needs[row] = margin - best;
    const edge = start + Math.max(last - 1, 0);
    const shows = sides.reduce((sum, seen) => sum + at(highest, seen, edge), 0) / 2;
    const missing = shows < margin && needs[row] > 0 && needs[row] <= limit;
    lacking[row] = Number(missing && shows - best <= hidden);
  }
  const kept = openedRun(lacking, run);
  let raised = new Float64Array(table.length);
  for (let k = 0; k < table.length; k++) {
    const row = Math.floor(k / radii);
    const apart = step * ((k % radii) - peaks[row]);
    if (kept[row]) raised[k] = needs[row] * Math.exp(-0.5 * (apart / wall) ** 2);
  }
  const above = (/** @type {Float64Array} */ values, /** @type {number} */ k) => values[k + radii] ?? 0;
  const below = (/** @type {Float64Array} */ values, /** @type {number} */ k) => values[k - radii] ?? 0;
  raised = raised.map((each, k) => Math.max(each, above(raised, k), below(raised, k)));
  for (let time = 0; time < 2; time++) {
    const before = raised;
    const inner = (/** @type {number} */ k) => k >= radii && k < before.length - radii;
    raised = before.map((each, k) =>
      inner(k) ? (below(before, k) + 2 * each + above(before, k)) / 4 : each,
    );
  }
  return raised;
}

/**
 * Those of `values` that are in a run of at least `run`.
 *
 * @param {Uint8Array} values
 * @param {number} run Odd.
 */
function openedRun(values, run) {
  const column = new Uint8Array(values.length ** 2);
  values.forEach((each, k) => (column[k * values.length] = each));
  const found = opened(column, [run, 1], values.length);
  return values.map((_, k) => found[k * values.length]);
}

/**
 * The rays of parts beside the body, such as a handle: they reach beyond the body's rim, and differ
 * from their mirror image across the axis.
 *
 * @param {Uint8Array} bare (side, side) rays in the mask that miss the body.
 * @param {Uint8Array} body (side, side) rays through the body.
 * @param {Float64Array} seen (heights, radii, 2): the axis is at radius 0.
 * @param {RoundConstants} round
 * @param {number} side
 * @returns {Uint8Array}
 */
function partsBeside(bare, body, seen, { rim, grown, radii }, side) {
  const grow = (/** @type {Uint8Array} */ rays, reach = 1) => {
    const edge = 2 * reach + 1;
    return Uint8Array.from(filtered(Float64Array.from(rays), [edge, edge], Math.max, 0, side));
  };
  const middle = (/** @type {number} */ at) => (at + 0.5) * (2 / side) - 1;
  const images = grow(
    bare.map((_, ray) => {
      const across = axisAt(seen, radii, middle(Math.floor(ray / side)));
      const image = Math.floor((2 * across - middle(ray % side) + 1) * (side / 2));
      return image >= 0 && image < side ? bare[ray - (ray % side) + image] : 0;
    }),
  );
  const near = grow(body, rim);
  let parts = bare.map((each, ray) => Number(each && !images[ray] && !near[ray]));
  for (let time = 0; time < grown; time++) {
    const wider = grow(parts);
    parts = bare.map((each, ray) => Number(each && wider[ray]));
  }
  return grow(parts);
}

/**
 * Where the axis is seen across the image, at a place down it; constant beyond its ends.
 *
 * @param {Float64Array} seen (heights, radii, 2), from below.
 * @param {number} radii
 * @param {number} down
 */
function axisAt(seen, radii, down) {
  const count = seen.length / (2 * radii);
  const at = (/** @type {number} */ row) => [seen[2 * row * radii], seen[2 * row * radii + 1]];
  let row = count - 1; // the lowest that is not below `down`
  while (row > 0 && at(row - 1)[1] <= down) row--;
  const [[x, y], [below, end]] = [at(row), at(Math.max(row - 1, 0))];
  if (row === 0 || down < y) return x;
  return x + ((below - x) * (down - y)) / (end - y);
}
