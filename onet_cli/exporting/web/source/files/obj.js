/**
 * Wavefront OBJ.
 *
 * @typedef {import("../mesh/marching.js").Mesh} Mesh
 */

/**
 * The text of a mesh, with vertex colours if given.
 *
 * @param {Mesh} mesh
 * @param {Uint8Array | null} [colours] (V, 3) sRGB.
 * @returns {string}
 */
export function toObj({ vertices, faces }, colours) {
  const lines = ["# written by onet"];
  for (let k = 0; k < vertices.length; k += 3) {
    const place = [0, 1, 2].map((c) => format(vertices[k + c]));
    const colour = colours ? [0, 1, 2].map((c) => (colours[k + c] / 255).toFixed(4)) : [];
    lines.push(["v", ...place, ...colour].join(" "));
  }
  for (let k = 0; k < faces.length; k += 3)
    lines.push(`f ${faces[k] + 1} ${faces[k + 1] + 1} ${faces[k + 2] + 1}`);
  return lines.join("\n") + "\n";
}

/** @param {number} value */
function format(value) {
  return Number(value.toPrecision(9)).toString();
}
