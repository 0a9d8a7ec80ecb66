/**
 * The worker: a photo comes in, its cut-out and then its mesh go out.
 *
 * @typedef {import("../field/reconstruct.js").Settings} Settings
 * @typedef {import("../photo/target.js").Target} Target
 * @typedef {{photo: Blob, settings: Settings, painted?: Float32Array, target?: Target}} Order
 */

import * as runtime from "onnxruntime-web/wasm";

import { PhotoCamera } from "../colour/camera.js";
import { photoColours } from "../colour/colour.js";
import { openMaskNetwork, openModel, warmUp } from "../field/network.js";
import { reconstruct } from "../field/reconstruct.js";
import { isClosed } from "../mesh/components.js";
import { vertexNormals } from "../mesh/normals.js";
import { isolateObject } from "../photo/isolate.js";
import { decodePhoto } from "./decode.js";

const MOST_THREADS = 4;
const FORMAT_VERSION = 5;
const place = (/** @type {string} */ name) => new URL(name, self.location.href).href;

runtime.env.wasm.wasmPaths = {
  mjs: place("ort-wasm-simd-threaded.mjs"),
  wasm: place("ort-wasm-simd-threaded.wasm"),
};
runtime.env.wasm.numThreads = self.crossOriginIsolated
  ? Math.min(navigator.hardwareConcurrency || 1, MOST_THREADS)
  : 1;

const saliency = openMaskNetwork(runtime, readFile);
/** @type {Promise<import("../field/reconstruct.js").Model> | undefined} */
let opening;

/** @param {string} name */
async function readFile(name) {
  const answer = await fetch(place(`model/${name}`));
  if (!answer.ok) throw new Error(`The file model/${name} is missing on the server.`);
  return new Uint8Array(await answer.arrayBuffer());
}

async function openOnce() {
  const description = JSON.parse(new TextDecoder().decode(await readFile("model.json")));
  if (description.formatVersion !== FORMAT_VERSION)
    throw new Error("The page and its model are of different versions: export both again.");
  return openModel(runtime, readFile, description);
}

/** Load the networks and run them once, so that the first photo does not wait for it. */
async function prepare() {
  opening ??= openOnce();
  await warmUp(await opening);
}

/** @param {string} text */
function tell(text) {
  self.postMessage({ kind: "progress", text });
}

/** @param {Order} order */
async function serve({ photo, settings, painted, target }) {
  const begin = performance.now();
  tell("reading the photo");
  const picture = await decodePhoto(photo);
  tell("finding the object");
  const prepared = await isolateObject(picture, saliency, painted, target);
  const { method, warnings, weight } = prepared;
  self.postMessage({ kind: "cutout", photo: prepared.photo, weight, method, warnings });
  tell("loading the network");
  opening ??= openOnce();
  const model = await opening.catch((error) => {
    opening = undefined; // so that the next photo tries again
    throw error;
  });
  const loaded = performance.now();
  const found = await reconstruct(prepared, model, settings, tell);
  const { mesh, camera, standing, threshold, evaluations, agreement, confidence } = found;
  const normals = vertexNormals(mesh);
  let colours = null;
  if (settings.color) {
    tell("colouring the mesh");
    const { colour } = model.description.constants;
    const seen = new PhotoCamera(camera, standing, colour.side);
    colours = photoColours(mesh, normals, seen, prepared.picture, prepared.mask, colour);
  }
  const seconds = { total: (performance.now() - begin) / 1e3, mesh: (performance.now() - loaded) / 1e3 };
  self.postMessage({
    kind: "mesh",
    mesh,
    normals,
    colours,
    confidence,
    camera,
    warnings: found.warnings,
    facts: {
      threshold,
      evaluations,
      agreement,
      calibrated: model.calibration !== null,
      reach: model.calibration?.reliability.reach ?? model.description.constants.doubt.reach,
      closed: isClosed(mesh),
      seconds,
    },
  });
}

self.onmessage = ({ data }) => {
  if (data === "prepare") {
    prepare().catch(() => {
      opening = undefined; // the first photo tries again, and tells what is wrong
    });
    return;
  }
  serve(data).catch((error) => {
    self.postMessage({ kind: "error", text: error.message || String(error) });
  });
};
self.postMessage({ kind: "started", threads: runtime.env.wasm.numThreads });
