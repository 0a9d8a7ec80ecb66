import assert from "node:assert/strict";
import { test } from "node:test";

import { fromCube, tilt, toCube } from "../../onet_cli/exporting/web/source/field/frame.js";
import { findBounds } from "../../onet_cli/exporting/web/source/field/depth.js";
import {
  fitOutline,
  frontPeaks,
  isValid,
  shrink,
} from "../../onet_cli/exporting/web/source/field/outline.js";
import {
  changeProfiles,
  withChange,
} from "../../onet_cli/exporting/web/source/field/profiles.js";
import { findRods } from "../../onet_cli/exporting/web/source/field/rods.js";
import {
  adaptedThreshold,
  logit,
  sigmoid,
} from "../../onet_cli/exporting/web/source/field/threshold.js";
import { standUp } from "../../onet_cli/exporting/web/source/mesh/standing.js";
import { difference, recorded, unpacked } from "./recorded.js";
import { blob } from "./shapes.js";

const known = recorded("field");
const constants = recorded("constants");
const [elevation, kappa] = known.camera;
const camera = { elevation, kappa };

test("thresholds, levels, gaps and thin parts are those of the command line", async () => {
  const { spread, frame, outline, rods } = constants;
  const [mask, points] = [unpacked(known.mask), unpacked(known.points)];

  const adapted = await adaptedThreshold(blob, spread, frame.edge, known.platt, known.usual);
  assert.ok(Math.abs(adapted - known.adapted) < 1e-5);
  const fit = await fitOutline(blob, camera, mask, outline, frame);
  assert.ok(isValid(fit, outline));
  const level = (1 - known.share) * logit(adapted) + known.share * fit.level;
  assert.ok(Math.abs(sigmoid(level) - known.threshold) < 1e-5);
  const changed = changeProfiles(fit, level, mask, { smooth: true, gaps: true }, constants);
  assert.ok(Math.abs(changed.share - known.raisedShare) < 1e-9);
  assert.ok(difference(changed.profiles, fit.rays.samples) > 0.1);
  assert.ok(difference(changed.profiles, unpacked(known.profiles)) < 1e-4);
  const field = withChange(blob, changed.volume, level, camera, constants);
  const filled = await field(points);
  assert.ok(difference(filled, await blob(points)) > 0.1);
  assert.ok(difference(filled, unpacked(known.filled)) < 1e-4);
  const small = shrink(mask, rods.side);
  const found = await findRods(field, level, camera, small, rods, constants.bounds, frame);
  const heights = found.heights(points);
  assert.ok(heights.some((height) => height > 0));
  assert.ok(difference(heights, unpacked(known.heights)) < 1e-4);
  const depth = findBounds(changed.profiles, fit.mask, level, camera, constants);
  for (const [bounds, expected] of [
    [found.bounds, known.blades],
    [depth, known.bounds],
  ]) {
    const within = bounds(points).map((bound) => Math.min(bound, 9));
    assert.ok(within.some((bound) => bound < 0));
    assert.ok(difference(within, unpacked(expected)) < 1e-4);
  }
});

test("of the peaks along rays, the front one is that of the command line", () => {
  const { count, below, rows, front } = known.peaks;

  assert.equal(difference(frontPeaks(unpacked(rows), count, below), unpacked(front)), 0);
});

test("nothing is added where the mask has no thin part", async () => {
  const { frame, rods } = constants;
  const square = Uint8Array.from({ length: rods.side ** 2 }, (_, at) => {
    const [x, y] = [at % rods.side, Math.floor(at / rods.side)];
    return Math.abs(x - 56) < 20 && Math.abs(y - 56) < 20 ? 1 : 0;
  });

  assert.equal(await findRods(blob, 0, camera, square, rods, constants.bounds, frame), null);
});

test("points stand in the unit cube as those of the command line", () => {
  const { upright } = standUp(Float64Array.from(unpacked(known.points)), constants.frame);

  assert.ok(difference(upright, unpacked(known.upright)) < 1e-6);
});

test("the frames' transforms undo each other", () => {
  const places = Float64Array.from({ length: 300 }, (_, k) => Math.sin(7 * k));

  const back = fromCube(toCube(places.slice(), constants.frame), constants.frame);
  assert.ok(difference(back, places) < 1e-9);
  assert.ok(difference(tilt(tilt(places.slice(), 0.7), 0.7), places) < 1e-12);
});
