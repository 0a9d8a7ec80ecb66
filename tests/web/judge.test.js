import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import {
  fromHalf,
  outOfDistribution,
  readCalibration,
} from "../../onet_cli/exporting/web/source/field/calibration.js";
import { vertexConfidence } from "../../onet_cli/exporting/web/source/field/confidence.js";
import {
  consistencyOf,
  logitOf,
  heightOf,
  thicknessOf,
  warningOf,
} from "../../onet_cli/exporting/web/source/field/doubt.js";
import { extentOf, iouOf, silhouette } from "../../onet_cli/exporting/web/source/field/silhouette.js";
import {
  expectedAtLevel,
  falling,
  logit,
  sigmoid,
  spreadPoints,
} from "../../onet_cli/exporting/web/source/field/threshold.js";
import { wholeThreshold } from "../../onet_cli/exporting/web/source/mesh/joined.js";
import { asMesh, difference, recorded, unpacked } from "./recorded.js";
import { blob } from "./shapes.js";

const known = recorded("judged");
const { platt, camera: seen } = recorded("field");
const { constants } = known.description;
const camera = { elevation: seen[0], kappa: seen[1] };
const mesh = asMesh(known.mesh);
const weights = new URL(
  "../../onet_cli/models/pretrained/furniture.safetensors",
  import.meta.url,
);

test("a mesh's outline in the photo is that of the command line, to the pixel", () => {
  const found = silhouette(mesh, camera, known.standing, constants.doubt.side);
  const expected = unpacked(known.outline);

  assert.ok(expected.includes(1));
  assert.equal(iouOf(found, expected), 1);
  assert.ok(Math.abs(extentOf(expected) - known.extent) < 1e-12);
});

test("agreement is the IoU of two masks, and extent the share of a box", () => {
  const one = Uint8Array.from([1, 1, 0, 1, 0, 0, 0, 0, 0]);
  const other = Uint8Array.from([1, 0, 0, 1, 0, 0, 1, 0, 0]);

  assert.equal(iouOf(one, other), 2 / 4);
  assert.equal(extentOf(one), 3 / 4);
  assert.equal(iouOf(new Uint8Array(4), new Uint8Array(4)), null);
  assert.equal(extentOf(new Uint8Array(4)), null);
});

test("the confidence of vertices is that of the command line", async () => {
  const { frame, doubt } = constants;
  const { reliability } = known.description.calibration;
  const ask = (curve) =>
    vertexConfidence(mesh, blob, known.standing, frame, curve, doubt.reach);

  assert.ok(difference(await ask(null), unpacked(known.claimed)) < 1e-4);
  assert.ok(difference(await ask(reliability), unpacked(known.confidence)) < 1e-4);
});

test("numbers in half precision are read", () => {
  const bits = [0x3c00, 0xc000, 0x0001, 0x7bff, 0x8000, 0x3555, 0x7c00];

  assert.deepEqual(bits.map(fromHalf), [1, -2, 2 ** -24, 65504, -0, 0.333251953125, Infinity]);
  assert.ok(Number.isNaN(fromHalf(0x7e00)));
});

test("how unlike the training images a photo is comes out as on the command line", () => {
  const calibration = readCalibration(new Uint8Array(readFileSync(weights)), known.description);
  const found = outOfDistribution(unpacked(known.cells), calibration, constants.doubt.lengthWeight);

  assert.ok(Math.abs(found / known.strange - 1) < 1e-4);
  assert.equal(readCalibration(new Uint8Array(0), { calibration: null }), null);
});

test("chances and warnings of bad meshes are those of the command line", () => {
  const { doubt } = known.description.calibration;
  const cause = (text) => text && text.slice(0, text.indexOf(": "));
  let warned = 0;
  for (const { probability, warning, ...signs } of known.signs) {
    assert.ok(Math.abs(sigmoid(logitOf(signs, doubt)) - probability) < 1e-9);
    const found = warningOf(signs, doubt, constants.doubt.lowAgreement);
    assert.equal(cause(found), cause(warning));
    warned += found ? 1 : 0;
  }
  assert.ok(warned > 10 && warned < known.signs.length - 10);
});

test("without a predictor only unlike photos are warned of", () => {
  const signs = { agreement: 0.1, out_of_distribution: 1.2 };

  assert.match(warningOf(signs, null, 0.75), /unlike the training images: the mesh may be wrong/);
  assert.equal(warningOf({ ...signs, out_of_distribution: 0.9 }, null, 0.75), null);
});

test("expected IoU, consistency and thickness are those of the command line", async () => {
  const points = spreadPoints(constants.spread, constants.frame.edge);
  const logits = await blob(points);
  const level = logit(0.4);
  const other = logits.map((each) => each + 0.7);

  assert.ok(Math.abs(expectedAtLevel(falling(logits), platt, level) - known.expected) < 1e-5);
  assert.equal(expectedAtLevel(falling(logits), platt, 1e6), 0);
  assert.ok(Math.abs(consistencyOf([logits, other], level) - known.consistency) < 1e-5);
  assert.equal(consistencyOf([logits], level), null);
  assert.ok(Math.abs(thicknessOf(mesh) / known.thickness - 1) < 1e-9);
  const flat = Float64Array.from([0, 0, 0, 4, 1, 2, -1, -1, 1]);
  assert.equal(heightOf({ vertices: flat, faces: new Uint32Array(3) }), 2 / 5);
});

test("the threshold that joins pieces is that of the command line", async () => {
  /** Two balls with a faint bar between them, as `Dumbbell` in record.py. */
  const dumbbell = async (points) =>
    Float32Array.from({ length: points.length / 3 }, (_, n) => {
      const [x, y, z] = points.subarray(3 * n, 3 * n + 3);
      const balls = 2 - 20 * Math.sqrt((Math.abs(x) - 0.3) ** 2 + y ** 2 + z ** 2);
      const bar = -0.5 - 40 * Math.hypot(y, z) - 40 * Math.max(0, Math.abs(x) - 0.3);
      return Math.max(balls, bar);
    });
  const ask = (field) => wholeThreshold(field, logit(0.5), constants.doubt, constants.surface);

  assert.ok(known.whole > 0.1);
  assert.ok(Math.abs((await ask(dumbbell)) - known.whole) < 1e-9);
  const apart = async (points) =>
    Float32Array.from({ length: points.length / 3 }, (_, n) => 20 * (Math.abs(points[3 * n]) - 0.4));
  assert.equal(await ask(apart), null);
});
