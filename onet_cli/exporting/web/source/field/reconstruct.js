/**
 * A prepared photo to a closed mesh; `reconstruction/generator.py`.
 *
 * @typedef {import("./ensemble.js").Field} Field
 * @typedef {import("./ensemble.js").Camera} Camera
 * @typedef {import("./calibration.js").Calibration} Calibration
 * @typedef {import("./outline.js").OutlineFit} OutlineFit
 * @typedef {import("../photo/isolate.js").Prepared} Prepared
 * @typedef {import("../mesh/marching.js").Mesh} Mesh
 * @typedef {import("../mesh/standing.js").Standing} Standing
 *
 * @typedef {object} Settings
 * @property {number} resolution Cells per side.
 * @property {number | null} [faces] To simplify to; null: all.
 * @property {number | null} [threshold] A probability; null: chosen for the photo.
 * @property {boolean} multiscale Average over two sizes of the photo.
 * @property {boolean} smooth Smooth what the photo shows.
 * @property {boolean} gaps Close gaps in surfaces that the photo shows.
 * @property {boolean} thin Recover thin parts that the photo shows.
 * @property {boolean} depth Bound the depth where the network is unsure.
 * @property {boolean} revolve Make round objects exactly round.
 * @property {boolean} join Join pieces.
 * @property {boolean} [color] Colour the vertices from the photo.
 *
 * @typedef {object} Model
 * @property {any} description What `onet export` wrote to model.json.
 * @property {Calibration | null} calibration
 * @property {(images: Float32Array, batch: number) => Promise<Float32Array[]>} encode
 * @property {(code: Float32Array) => Promise<Field>} forCode
 *
 * @typedef {object} Look What the network says about a photo.
 * @property {Field} field The mean of the copies.
 * @property {Float32Array[]} each Logits of each copy at points that fill the cube.
 * @property {Camera} camera
 * @property {Float32Array} code
 *
 * @typedef {object} Result
 * @property {Mesh} mesh Upright, in the unit cube.
 * @property {Standing} standing
 * @property {Camera} camera
 * @property {number} threshold
 * @property {number} evaluations
 * @property {number | null} agreement IoU of the mesh's outline with the object's.
 * @property {Float32Array} confidence Per vertex.
 * @property {string[]} warnings
 */

import { dropComponents, isWhole } from "../mesh/components.js";
import { surfaceOf, wholeThreshold } from "../mesh/joined.js";
import { simplify } from "../mesh/simplify.js";
import { standUp } from "../mesh/standing.js";
import { outOfDistribution } from "./calibration.js";
import { vertexConfidence } from "./confidence.js";
import { findBounds } from "./depth.js";
import { consistencyOf, heightOf, thicknessOf, warningOf } from "./doubt.js";
import { drawCopy, edgeOf, meanCamera, meanField, meanOf, ofOriginal } from "./ensemble.js";
import { photoMask } from "./mask.js";
import { fitOutline, isValid, shrink } from "./outline.js";
import { changeProfiles, withChange } from "./profiles.js";
import { findRods } from "./rods.js";
import { findAxis, findRevolution, withRevolution } from "./roundness.js";
import { extentOf, iouOf, silhouette } from "./silhouette.js";
import { bestCut, expectedAtLevel, falling, logit, sigmoid, spreadPoints } from "./threshold.js";
import { expose } from "../photo/exposure.js";
import { quantile } from "../photo/numbers.js";

/**
 * @param {Prepared} prepared
 * @param {Model} model
 * @param {Settings} settings
 * @param {(step: string) => void} tell Called before each step.
 * @returns {Promise<Result>}
 */
export async function reconstruct(prepared, model, settings, tell) {
  const { constants } = model.description;
  tell("looking at the photo");
  const seen = await look(prepared, model, settings);
  const { field, camera } = seen;
  tell("choosing the threshold");
  const mask = photoMask(prepared.picture, prepared.mask);
  const { outline, frame } = constants;
  const moves = model.description.outline && !settings.threshold;
  const axis = settings.revolve ? axisOf(seen.code, model.description) : null;
  const fit =
    mask !== null && (moves || settings.smooth || settings.gaps || settings.depth || axis)
      ? await fitOutline(field, camera, mask, outline, frame)
      : null;
  const level = levelOf(seen, fit, model.description, settings.threshold ?? null);
  let lifted = field;
  const changed =
    mask !== null && isValid(fit, outline)
      ? changeProfiles(fit, level, mask, settings, constants)
      : null;
  if (changed?.volume) lifted = withChange(field, changed.volume, level, camera, constants);
  const gaps = changed?.share ?? null;
  let rods = null;
  if (mask !== null && settings.thin) {
    tell("looking for thin parts");
    const small = shrink(mask, constants.rods.side);
    rods = await findRods(lifted, level, camera, small, constants.rods, constants.bounds, frame);
  }
  if (settings.depth && fit !== null && changed !== null) {
    const found = findBounds(changed.profiles, fit.mask, level, camera, constants);
    if (found !== null) lifted = withBounds(lifted, level, found);
  }
  if (rods !== null) lifted = withRods(withBounds(lifted, level, rods.bounds), level, rods.heights);
  if (axis !== null && mask !== null && isValid(fit, outline)) {
    const body = await findRevolution(field, level, camera, mask, axis, constants);
    if (body !== null) lifted = withRevolution(lifted, body, level, camera, constants);
  }
  tell("evaluating the field");
  const found = await surfaceOf(
    lifted,
    settings.resolution,
    level,
    constants.surface,
    settings.join,
    tell,
  );
  tell("finishing the mesh");
  const kept = dropComponents(found.mesh, constants.minComponent);
  const { standing, upright } = standUp(kept.vertices, constants.frame);
  let mesh = { vertices: upright, faces: kept.faces };
  if (settings.faces) mesh = simplify(mesh, settings.faces);
  tell("judging the mesh");
  const judged = await judge(mesh, standing, mask, level, { ...seen, gaps }, model);
  if (!isWhole(mesh, constants.surface.whole)) {
    const whole = await wholeThreshold(lifted, level, constants.doubt, constants.surface);
    if (whole !== null)
      judged.warnings.push(
        `the mesh is in pieces; a threshold of ${whole.toFixed(2)} may join them`,
      );
  }
  return {
    mesh,
    standing,
    camera,
    threshold: sigmoid(level),
    evaluations: found.evaluations,
    ...judged,
  };
}

/**
 * The field of the photo, the mean of its copies, and what else the network says.
 *
 * @param {Prepared} prepared
 * @param {Model} model
 * @param {Settings} settings
 * @returns {Promise<Look>}
 */
async function look({ picture, mask }, model, { multiscale }) {
  const { scales, imageSize: size, exposure, constants } = model.description;
  const shown = mask === null ? picture : expose(picture, mask, exposure);
  /** @type {number[]} */
  const used = multiscale ? scales : scales.slice(0, 1);
  const images = new Float32Array(used.length * 3 * size * size);
  used.forEach((scale, n) => images.set(drawCopy(shown, scale, size), n * 3 * size * size));
  const codes = await model.encode(images, used.length);
  const ratios = used.map((scale) => edgeOf(scale, size) / size);
  const { camera, own } = meanCamera(codes, ratios);
  const points = spreadPoints(constants.spread, constants.frame.edge);
  const [members, each] = [[], []];
  for (let n = 0; n < codes.length; n++) {
    const code = codes[n].slice();
    code.set(own[n], code.length - 2);
    members.push(ofOriginal(await model.forCode(code), ratios[n], constants.frame));
    each.push(await members[n](points));
  }
  return { field: meanField(members), each, camera, code: codes[0] };
}

/**
 * The axis of a round object; null if it is not round, or the network has no mirror planes.
 *
 * @param {Float32Array} code
 * @param {any} description
 */
function axisOf(code, { symmetry: start, constants }) {
  const width = constants.round.bins + 2;
  return start === null ? null : findAxis(code.subarray(start, start + width), constants.round);
}

/**
 * The iso-level (logit): adapted to the photo, and moved towards the best silhouette.
 *
 * @param {Look} seen
 * @param {OutlineFit | null} fit
 * @param {any} description
 * @param {number | null} given A probability.
 * @returns {number}
 */
function levelOf({ each }, fit, description, given) {
  if (given !== null) return logit(given);
  const { threshold, platt, outline: share, constants } = description;
  const lowest = constants.spread.lowest * threshold;
  const level = logit(platt ? bestCut(falling(meanOf(each)), platt, lowest) : threshold);
  if (!share || !isValid(fit, constants.outline)) return level;
  return logit(sigmoid((1 - share) * level + share * fit.level));
}

/**
 * How well a mesh agrees with its photo, how sure the network is, and what it warns of.
 *
 * @param {Mesh} mesh
 * @param {Standing} standing
 * @param {Uint8Array | null} mask
 * @param {number} level
 * @param {Look & {gaps: number | null}} seen
 * @param {Model} model
 */
async function judge(mesh, standing, mask, level, seen, { description, calibration }) {
  const { platt, cells: width, constants } = description;
  const { side, reach, lowAgreement, lengthWeight } = constants.doubt;
  const { field, camera, code, each, gaps } = seen;
  const reliability = calibration?.reliability ?? null;
  const agreement =
    mask === null ? null : iouOf(silhouette(mesh, camera, standing, side), mask);
  const confidence = await vertexConfidence(
    mesh,
    field,
    standing,
    constants.frame,
    reliability,
    reach,
  );
  const signs = {
    agreement,
    lowest_tenth: quantile(confidence, 0.1),
    out_of_distribution: calibration && outOfDistribution(code.subarray(0, width), calibration, lengthWeight),
    expected_iou: expectedAtLevel(falling(meanOf(each)), platt ?? [1, 0], level),
    thickness: thicknessOf(mesh),
    consistency: consistencyOf(each, level),
    perspective: camera.kappa,
    extent: mask === null ? null : extentOf(mask),
    gaps,
    height: heightOf(mesh),
  };
  const warning = warningOf(signs, calibration?.doubt ?? null, lowAgreement);
  return { agreement, confidence, signs, warnings: warning === null ? [] : [warning] };
}

/**
 * @param {Field} field
 * @param {number} level
 * @param {import("./bounds.js").Bounds} bounds
 * @returns {Field}
 */
function withBounds(field, level, bounds) {
  return async (points) => {
    const logits = await field(points);
    const most = bounds(points);
    for (let n = 0; n < logits.length; n++) logits[n] = Math.min(logits[n], level + most[n]);
    return logits;
  };
}

/**
 * @param {Field} field
 * @param {number} level
 * @param {(points: Float32Array) => Float64Array} rods
 * @returns {Field}
 */
function withRods(field, level, rods) {
  return async (points) => {
    const logits = await field(points);
    const heights = rods(points);
    for (let n = 0; n < logits.length; n++) logits[n] = Math.max(logits[n], level + heights[n]);
    return logits;
  };
}
