import assert from "node:assert/strict";
import { test } from "node:test";

import {
  findAxis,
  findRevolution,
  withRevolution,
} from "../../onet_cli/exporting/web/source/field/roundness.js";
import { difference, recorded, unpacked } from "./recorded.js";
import { blob } from "./shapes.js";

const known = recorded("round");
const constants = recorded("constants");
const [elevation, kappa] = known.camera;
const camera = { elevation, kappa };

test("round objects are those of the command line", () => {
  const symmetry = unpacked(known.symmetry);
  const { x, z, trust } = findAxis(symmetry, constants.round);

  assert.ok(trust > 0 && trust < 1);
  assert.ok(difference([x, z, trust], known.axis) < 1e-6);
  assert.equal(
    findAxis(
      symmetry.map((each) => each - 3),
      constants.round,
    ),
    null,
  );
});

test("bodies of revolution and parts beside them are those of the command line", async () => {
  const [x, z, trust] = known.axis;
  const [mask, points] = [unpacked(known.mask), unpacked(known.points)];
  const body = await findRevolution(blob, known.level, camera, mask, { x, z, trust }, constants);

  assert.ok(body !== null);
  assert.ok(body.weights.some((weight) => weight < 0.1 * trust));
  assert.ok(body.weights.some((weight) => weight > 0.9 * trust));
  assert.ok(difference(body.weights, unpacked(known.weights)) < 1e-6);
  assert.ok(difference(body.table, unpacked(known.table)) < 1e-4);
  const field = withRevolution(blob, body, known.level, camera, constants);
  const turned = await field(points);
  assert.ok(difference(turned, await blob(points)) > 1);
  assert.ok(difference(turned, unpacked(known.turned)) < 1e-4);
});

test("a body that agrees too little with the mask is refused", async () => {
  const [x, z, trust] = known.axis;
  const empty = async (/** @type {Float32Array} */ points) =>
    new Float32Array(points.length / 3).fill(-4);

  assert.equal(
    await findRevolution(empty, 0, camera, unpacked(known.mask), { x, z, trust }, constants),
    null,
  );
});
