/**
 * Files of the mesh.
 *
 * @typedef {import("../mesh/marching.js").Mesh} Mesh
 */

import { toGlb } from "../files/glb.js";
import { toObj } from "../files/obj.js";
import { toStl } from "../files/stl.js";

/** @type {Object<string, {type: string, write: (mesh: Mesh, colours: Uint8Array | null,
 *   confidence: Float32Array) => any}>} */
const FORMATS = {
  obj: { type: "model/obj", write: (mesh, colours) => toObj(mesh, colours) },
  glb: { type: "model/gltf-binary", write: toGlb },
  stl: { type: "model/stl", write: (mesh) => toStl(mesh) },
};

/**
 * @param {string} format
 * @param {string} name Without suffix.
 * @param {Mesh} mesh
 * @param {Uint8Array | null} colours
 * @param {Float32Array} confidence
 */
export function download(format, name, mesh, colours, confidence) {
  const { type, write } = FORMATS[format];
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([write(mesh, colours, confidence)], { type }));
  link.download = `${name}.${format}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
