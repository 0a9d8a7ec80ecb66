/**
 * Binary glTF 2.0.
 *
 * @typedef {import("../mesh/marching.js").Mesh} Mesh
 */

import { vertexNormals } from "../mesh/normals.js";

const FLOAT = 5126;
const BYTE = 5121;
const INTEGER = 5125;
const ARRAY = 34962;
const ELEMENTS = 34963;
const GREY = [0.72, 0.72, 0.74, 1];
const WHITE = [1, 1, 1, 1];

/**
 * @param {Mesh} mesh
 * @param {Uint8Array | null} [colours] (V, 3) sRGB.
 * @param {Float32Array | null} [confidence] Per vertex.
 * @returns {Uint8Array}
 */
export function toGlb(mesh, colours, confidence) {
  const count = mesh.vertices.length / 3;
  const positions = Float32Array.from(mesh.vertices);
  /** @type {{data: Float32Array | Uint32Array | Uint8Array, target: number, type: string,
   *   kind: number, count: number, min?: number[], max?: number[], normalized?: boolean}[]} */
  const parts = [
    { data: positions, target: ARRAY, type: "VEC3", kind: FLOAT, count, ...bounds(positions) },
    { data: vertexNormals(mesh), target: ARRAY, type: "VEC3", kind: FLOAT, count },
    { data: mesh.faces, target: ELEMENTS, type: "SCALAR", kind: INTEGER, count: mesh.faces.length },
  ];
  /** @type {Object<string, number>} */
  const attributes = { POSITION: 0, NORMAL: 1 };
  if (colours) {
    attributes.COLOR_0 = parts.length;
    const data = linearColours(colours);
    parts.push({ data, target: ARRAY, type: "VEC4", kind: BYTE, count, normalized: true });
  }
  if (confidence) {
    attributes._CONFIDENCE = parts.length;
    parts.push({ data: confidence, target: ARRAY, type: "SCALAR", kind: FLOAT, count });
  }
  const { chunk, views } = packed(parts.map((part) => part.data));
  const document = {
    asset: { version: "2.0", generator: "onet" },
    scene: 0,
    scenes: [{ nodes: [0] }],
    nodes: [{ mesh: 0, name: "onet" }],
    meshes: [{ primitives: [{ attributes, indices: 2, material: 0 }] }],
    materials: [material(colours ? WHITE : GREY)],
    accessors: parts.map(({ data, target, kind, ...rest }, n) => ({
      bufferView: n,
      componentType: kind,
      ...rest,
    })),
    bufferViews: views.map((view, n) => ({ buffer: 0, ...view, target: parts[n].target })),
    buffers: [{ byteLength: chunk.length }],
  };
  return container(JSON.stringify(document), chunk);
}

/** @param {number[]} base */
function material(base) {
  return {
    name: "onet",
    pbrMetallicRoughness: { baseColorFactor: base, metallicFactor: 0, roughnessFactor: 0.8 },
  };
}

/** @param {Float32Array} positions */
function bounds(positions) {
  const [min, max] = [Array(3).fill(Infinity), Array(3).fill(-Infinity)];
  positions.forEach((value, k) => {
    min[k % 3] = Math.min(min[k % 3], value);
    max[k % 3] = Math.max(max[k % 3], value);
  });
  return { min, max };
}

/**
 * Vertex colours are linear in glTF; rows are padded to four bytes by alpha.
 *
 * @param {Uint8Array} colours
 * @returns {Uint8Array}
 */
function linearColours(colours) {
  const found = new Uint8Array((colours.length / 3) * 4).fill(255);
  colours.forEach((value, k) => {
    const unit = value / 255;
    const linear = unit <= 0.04045 ? unit / 12.92 : ((unit + 0.055) / 1.055) ** 2.4;
    found[4 * Math.floor(k / 3) + (k % 3)] = Math.round(255 * linear);
  });
  return found;
}

/**
 * Arrays one after another, each at a multiple of four bytes.
 *
 * @param {(Float32Array | Uint32Array | Uint8Array)[]} arrays
 */
function packed(arrays) {
  let end = 0;
  const views = arrays.map((array) => {
    const view = { byteOffset: end, byteLength: array.byteLength };
    end += Math.ceil(array.byteLength / 4) * 4;
    return view;
  });
  const chunk = new Uint8Array(end);
  arrays.forEach((array, n) =>
    chunk.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), views[n].byteOffset),
  );
  return { chunk, views };
}

/**
 * @param {string} json
 * @param {Uint8Array} chunk
 * @returns {Uint8Array}
 */
function container(json, chunk) {
  const text = new TextEncoder().encode(json);
  const room = Math.ceil(text.length / 4) * 4;
  const bytes = new Uint8Array(12 + 8 + room + 8 + chunk.length).fill(0x20, 20, 20 + room);
  const view = new DataView(bytes.buffer);
  const words = [0x46546c67, 2, bytes.length, room, 0x4e4f534a];
  words.forEach((word, n) => view.setUint32(4 * n, word, true));
  bytes.set(text, 20);
  view.setUint32(20 + room, chunk.length, true);
  view.setUint32(24 + room, 0x004e4942, true);
  bytes.set(chunk, 28 + room);
  return bytes;
}
