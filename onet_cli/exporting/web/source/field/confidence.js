/**
 * Confidence per vertex; `reconstruction/confidence.py`.
 *
 * @typedef {import("./ensemble.js").Field} Field
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("../mesh/marching.js").Mesh} Mesh
 * @typedef {import("../mesh/standing.js").Standing} Standing
 * @typedef {{claimed: number[], measured: number[], reach: number}} Reliability
 */

import { vertexNormals } from "../mesh/normals.js";
import { toCube } from "./frame.js";
import { sigmoid } from "./threshold.js";

/**
 * For each vertex the probability that the true surface is within the reach.
 *
 * @param {Mesh} mesh Upright.
 * @param {Field} field Without lifted parts.
 * @param {Standing} standing
 * @param {Frame} frame
 * @param {Reliability | null} reliability The calibration curve; null: as the network claims.
 * @param {number} usual The reach without one.
 * @returns {Promise<Float32Array>}
 */
export async function vertexConfidence(mesh, field, standing, frame, reliability, usual) {
  const reach = reliability ? reliability.reach : usual;
  const normals = vertexNormals(mesh);
  const ask = async (/** @type {number} */ side) => {
    const places = mesh.vertices.map(
      (each, k) => (each + side * reach * normals[k]) * standing.edge + standing.centre[k % 3],
    );
    return field(Float32Array.from(toCube(places, frame)));
  };
  const [below, above] = [await ask(-1), await ask(1)];
  return below.map((logit, n) => {
    const claimed = Math.min(Math.max(sigmoid(logit) - sigmoid(above[n]), 0), 1);
    return reliability ? interpolated(claimed, reliability) : claimed;
  });
}

/**
 * @param {number} value
 * @param {Reliability} curve
 */
function interpolated(value, { claimed, measured }) {
  const last = claimed.length - 1;
  if (value <= claimed[0]) return measured[0];
  if (value >= claimed[last]) return measured[last];
  let n = 0;
  while (claimed[n + 1] <= value) n++;
  const share = (value - claimed[n]) / (claimed[n + 1] - claimed[n]);
  return measured[n] + share * (measured[n + 1] - measured[n]);
}
