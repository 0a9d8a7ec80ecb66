/**
 * A prepared photo to a closed mesh; `reconstruction/generator.py`.
 *
 * @typedef {import("./ensemble.js").Field} Field
 * @typedef {import("./ensemble.js").Camera} Camera
 * @typedef {import("../photo/isolate.js").Prepared} Prepared
 * @typedef {import("../mesh/marching.js").Mesh} Mesh
 * @typedef {import("../mesh/standing.js").Standing} Standing
 *
 * @typedef {object} Settings
 * @property {number} resolution Cells per side.
 * @property {boolean} multiscale Average over two sizes of the photo.
 * @property {boolean} thin Recover thin parts.
 * @property {boolean} join Join pieces.
 * @property {boolean} [color] Colour the vertices from the photo.
 *
 * @typedef {object} Model
 * @property {any} description What `onet export` wrote to model.json.
 * @property {(images: Float32Array, batch: number) => Promise<Float32Array[]>} encode
 * @property {(code: Float32Array) => Promise<Field>} forCode
 *
 * @typedef {object} Result
 * @property {Mesh} mesh Upright, in the unit cube.
 * @property {Standing} standing
 * @property {Camera} camera
 * @property {number} threshold
 * @property {number} evaluations
 * @property {Uint8Array | null} mask
 */

import { dropComponents } from "../mesh/components.js";
import { surfaceOf } from "../mesh/joined.js";
import { standUp } from "../mesh/standing.js";
import { drawCopy, edgeOf, meanCamera, meanField } from "./ensemble.js";
import { photoMask } from "./mask.js";
import { levelByOutline, shrink } from "./outline.js";
import { findRods } from "./rods.js";
import { adaptedThreshold, logit, sigmoid } from "./threshold.js";

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
  const { field, camera } = await look(prepared, model, settings);
  tell("choosing the threshold");
  const mask = photoMask(prepared.picture, prepared.mask);
  const level = await levelOf(field, camera, mask, model.description);
  let lifted = field;
  if (mask !== null && settings.thin) {
    tell("looking for thin parts");
    const small = shrink(mask, constants.rods.side);
    const rods = await findRods(field, level, camera, small, constants.rods, constants.frame);
    if (rods !== null) lifted = withRods(field, level, rods);
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
  return {
    mesh: { vertices: upright, faces: kept.faces },
    standing,
    camera,
    threshold: sigmoid(level),
    evaluations: found.evaluations,
    mask,
  };
}

/**
 * The field of the photo, the mean of its copies, and the predicted camera.
 *
 * @param {Prepared} prepared
 * @param {Model} model
 * @param {Settings} settings
 * @returns {Promise<{field: Field, camera: Camera}>}
 */
async function look({ picture }, model, { multiscale }) {
  const { scales, imageSize: size, constants } = model.description;
  /** @type {number[]} */
  const used = multiscale ? scales : scales.slice(0, 1);
  const images = new Float32Array(used.length * 3 * size * size);
  used.forEach((scale, n) => images.set(drawCopy(picture, scale, size), n * 3 * size * size));
  const codes = await model.encode(images, used.length);
  const ratios = used.map((scale) => edgeOf(scale, size) / size);
  const { camera, own } = meanCamera(codes, ratios);
  const members = [];
  for (let n = 0; n < codes.length; n++) {
    const code = codes[n].slice();
    code.set(own[n], code.length - 2);
    members.push(await model.forCode(code));
  }
  return { field: meanField(members, ratios, constants.frame), camera };
}

/**
 * The iso-level (logit): adapted to the photo, and moved towards the best silhouette.
 *
 * @param {Field} field
 * @param {Camera} camera
 * @param {Uint8Array | null} mask
 * @param {any} description
 */
async function levelOf(field, camera, mask, { threshold, platt, outline, constants }) {
  const { spread, frame } = constants;
  let chosen = threshold;
  if (platt) chosen = await adaptedThreshold(field, spread, frame.edge, platt, threshold);
  const level = logit(chosen);
  if (mask === null || !outline) return level;
  const moved = await levelByOutline(field, level, camera, mask, outline, constants.outline, frame);
  return logit(sigmoid(moved));
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
