/** What `record.py` wrote, and a few means of comparison. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.env.ONET_WEB_RECORDED;
assert.ok(folder, "ONET_WEB_RECORDED is the folder of `python -m tests.web.record`");
const KINDS = {
  uint8: Uint8Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
};

/** @param {string} name */
export function recorded(name) {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));
}

/**
 * @param {{type: string, data: string}} packed
 */
export function unpacked({ type, data }) {
  const bytes = Uint8Array.from(Buffer.from(data, "base64"));
  return new KINDS[type](bytes.buffer);
}

/**
 * @param {{shape: number[], type: string, data: string}} packed (H, W) or (H, W, C) of bytes.
 */
export function asPicture(packed) {
  const [height, width, channels = 1] = packed.shape;
  return { width, height, channels, data: unpacked(packed) };
}

/** @param {{vertices: any, faces: any}} packed */
export function asMesh({ vertices, faces }) {
  return { vertices: unpacked(vertices), faces: unpacked(faces) };
}

/**
 * The largest difference of two arrays of one length.
 *
 * @param {ArrayLike<number>} found
 * @param {ArrayLike<number>} expected
 */
export function difference(found, expected) {
  assert.equal(found.length, expected.length);
  let largest = 0;
  for (let k = 0; k < found.length; k++)
    largest = Math.max(largest, Math.abs(found[k] - expected[k]));
  return largest;
}
