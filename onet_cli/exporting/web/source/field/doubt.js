/**
 * Signs of a bad mesh, and the warning that they give; `reconstruction/doubt.py`.
 *
 * @typedef {import("../mesh/marching.js").Mesh} Mesh
 * @typedef {object} Signs
 * @property {number | null} agreement
 * @property {number | null} lowest_tenth
 * @property {number | null} out_of_distribution
 * @property {number | null} expected_iou
 * @property {number | null} thickness
 * @property {number | null} consistency
 * @property {number | null} perspective
 * @property {number | null} extent
 * @property {number | null} gaps
 * @property {number | null} height
 */

const LOGARITHMIC = ["out_of_distribution", "thickness"];
const LEAST = 1e-6;
const ADVICE =
  "try clicking on the object, mending the cut-out, another threshold, or another photo";
const ADVICE_IN_DEPTH = "look at it from beside; a photo from another side may help";
const UNFAMILIAR = "the photo is unlike the training images";

/**
 * The warning about a mesh, or null.
 *
 * @param {Signs} signs
 * @param {any} doubt The fitted predictor of bad meshes, or null.
 * @param {number} lowAgreement
 * @returns {string | null}
 */
export function warningOf(signs, doubt, lowAgreement) {
  const { agreement, out_of_distribution: strange } = signs;
  const unfamiliar = strange !== null && strange > 1;
  if (!doubt) return unfamiliar ? `${UNFAMILIAR}: the mesh may be wrong` : null;
  if (!(logitOf(signs, doubt) > doubt.limit)) return null;
  const reasons = [];
  if (agreement !== null && agreement < lowAgreement)
    reasons.push(`its outline has an IoU of ${agreement.toFixed(2)} with the photo's`);
  if (unfamiliar) reasons.push(UNFAMILIAR);
  const why = reasons.length ? ` (${reasons.join(" and ")})` : "";
  // If the silhouettes agree, the error is along the rays.
  if (agreement !== null && agreement >= lowAgreement)
    return `the mesh is likely to be wrong in depth${why}: ${ADVICE_IN_DEPTH}`;
  return `the mesh is likely to be wrong${why}: ${ADVICE}`;
}

/**
 * The logit of the probability that a mesh is bad.
 *
 * @param {Signs} signs
 * @param {any} doubt
 */
export function logitOf(signs, { signs: names, means, scales, weights, bias }) {
  return names.reduce((/** @type {number} */ total, /** @type {keyof Signs} */ name, /** @type {number} */ n) => {
    const given = signs[name];
    if (given === null) return total; // unknown signs have no effect
    const value = LOGARITHMIC.includes(name) ? Math.log(Math.max(given, LEAST)) : given;
    return total + (weights[n] * (value - means[n])) / scales[n];
  }, bias);
}

/**
 * Volume over surface area.
 *
 * @param {Mesh} mesh
 */
export function thicknessOf({ vertices, faces }) {
  let [volume, area] = [0, 0];
  for (let f = 0; f < faces.length; f += 3) {
    const [a, b, c] = [3 * faces[f], 3 * faces[f + 1], 3 * faces[f + 2]];
    const [ax, ay, az] = [vertices[a], vertices[a + 1], vertices[a + 2]];
    const [ux, uy, uz] = [vertices[b] - ax, vertices[b + 1] - ay, vertices[b + 2] - az];
    const [vx, vy, vz] = [vertices[c] - ax, vertices[c + 1] - ay, vertices[c + 2] - az];
    const [x, y, z] = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
    area += Math.sqrt(x * x + y * y + z * z) / 2;
    volume += (ax * x + ay * y + az * z) / 6;
  }
  return Math.abs(volume / area);
}

/**
 * The height of a mesh over its longest edge.
 *
 * @param {Mesh} mesh
 */
export function heightOf({ vertices }) {
  const edges = [0, 1, 2].map((axis) => {
    let [least, most] = [Infinity, -Infinity];
    for (let n = axis; n < vertices.length; n += 3) {
      least = Math.min(least, vertices[n]);
      most = Math.max(most, vertices[n]);
    }
    return most - least;
  });
  return edges[1] / Math.max(...edges);
}

/**
 * The mean IoU of the first field with each other; null with one field, or nothing inside.
 *
 * @param {Float32Array[]} each Logits of the fields at the same points.
 * @param {number} level
 */
export function consistencyOf(each, level) {
  const ious = [];
  for (const other of each.slice(1)) {
    let [both, either] = [0, 0];
    for (let n = 0; n < other.length; n++) {
      const [a, b] = [each[0][n] >= level, other[n] >= level];
      both += a && b ? 1 : 0;
      either += a || b ? 1 : 0;
    }
    if (either) ious.push(both / either);
  }
  return ious.length ? ious.reduce((a, b) => a + b) / ious.length : null;
}
