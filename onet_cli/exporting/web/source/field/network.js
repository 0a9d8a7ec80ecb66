/**
 * The stages of an ONNX export, run by onnxruntime.
 *
 * @typedef {import("./ensemble.js").Field} Field
 * @typedef {import("./reconstruct.js").Model} Model
 * @typedef {typeof import("onnxruntime-web")} Runtime
 * @typedef {(name: string) => Promise<Uint8Array>} Read The bytes of a file of the export.
 */

import { readCalibration } from "./calibration.js";

const ROWS = 8192; // points per run
const WARMING = 4 * ROWS; // points to warm up with
const MASK_WEIGHTS = "u2netp.safetensors";

/**
 * @param {Runtime} runtime
 * @param {Read} read
 * @param {any} description What `onet export` wrote to model.json.
 * @returns {Promise<Model>}
 */
export async function openModel(runtime, read, description) {
  const weights = await read(description.weights);
  const open = opener(runtime, read, description.weights, weights);
  // Optimising takes longer than it saves on a photo, but for the points.
  const encoder = await open("encoder.onnx", "disabled");
  const planes = await open("planes.onnx", "disabled");
  const points = await open("points.onnx", "all");
  const size = description.imageSize;
  return {
    description,
    calibration: readCalibration(weights, description),
    encode: async (images, batch) => {
      const given = new runtime.Tensor("float32", images, [batch, 3, size, size]);
      const { code } = await encoder.run({ images: given });
      const width = code.dims[1];
      const data = /** @type {Float32Array} */ (code.data);
      return Array.from({ length: batch }, (_, n) => data.slice(n * width, (n + 1) * width));
    },
    forCode: async (code) => {
      const given = new runtime.Tensor("float32", code, [1, code.length]);
      const drawn = await planes.run({ code: given });
      /** @type {Object<string, any>} */
      const seen = {};
      for (const name of points.inputNames) if (name !== "points") seen[name] = drawn[name];
      return inChunks(async (part) => {
        const places = new runtime.Tensor("float32", part, [1, part.length / 3, 3]);
        const { logits } = await points.run({ ...seen, points: places });
        return /** @type {Float32Array} */ (logits.data);
      });
    },
  };
}

/**
 * @param {Field} field
 * @returns {Field}
 */
function inChunks(field) {
  return async (points) => {
    const logits = new Float32Array(points.length / 3);
    for (let start = 0; start < logits.length; start += ROWS) {
      const stop = Math.min(start + ROWS, logits.length);
      logits.set(await field(points.slice(3 * start, 3 * stop)), start);
    }
    return logits;
  };
}

/**
 * Run the networks once: the first run is slow, as browsers compile what is used often.
 *
 * @param {Model} model
 */
export async function warmUp({ description, encode, forCode }) {
  const [code] = await encode(new Float32Array(3 * description.imageSize ** 2), 1);
  await (await forCode(code))(new Float32Array(3 * WARMING));
}

/**
 * A function that opens a graph, which reads its weights from a file beside it.
 *
 * @param {Runtime} runtime
 * @param {Read} read
 * @param {string} path
 * @param {Uint8Array} data The file's bytes.
 */
function opener(runtime, read, path, data) {
  return async (/** @type {string} */ name, /** @type {"all" | "disabled"} */ level) =>
    runtime.InferenceSession.create(await read(name), {
      logSeverityLevel: 3,
      graphOptimizationLevel: level,
      externalData: [{ path, data }],
    });
}

/**
 * The segmentation network, opened when it is first needed.
 *
 * @param {Runtime} runtime
 * @param {Read} read
 * @returns {import("../photo/salient.js").Saliency}
 */
export function openMaskNetwork(runtime, read) {
  const open = async () =>
    opener(runtime, read, MASK_WEIGHTS, await read(MASK_WEIGHTS))("mask.onnx", "all");
  /** @type {Promise<any> | undefined} */
  let session;
  return async (input, side) => {
    session ??= open();
    const pictures = new runtime.Tensor("float32", input, [1, 3, side, side]);
    const { saliency } = await (await session).run({ pictures });
    return saliency.data;
  };
}
