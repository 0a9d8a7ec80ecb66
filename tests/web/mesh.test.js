import assert from "node:assert/strict";
import { test } from "node:test";

import {
  componentVolumes,
  dropComponents,
  isClosed,
} from "../../onet_cli/exporting/web/source/mesh/components.js";
import { surfaceOf } from "../../onet_cli/exporting/web/source/mesh/joined.js";
import { extractSurface } from "../../onet_cli/exporting/web/source/mesh/marching.js";
import { evaluateGrid, splitResolution } from "../../onet_cli/exporting/web/source/mesh/mise.js";
import { vertexNormals } from "../../onet_cli/exporting/web/source/mesh/normals.js";
import { recorded } from "./recorded.js";
import { dense, euler, fieldOf, volume } from "./shapes.js";

const { surface } = recorded("constants");
const { tables, edge } = surface;
const RADIUS = 0.4;
const ball = (x, y, z) => 10 * (RADIUS - Math.hypot(x, y, z));
const ring = (x, y, z) => 10 * (0.12 - Math.hypot(Math.hypot(x, z) - 0.3, y));

test("a ball's surface is closed, and has its volume, radius and normals", () => {
  const mesh = extractSurface(dense(ball, 48, edge), 48, 0, edge, tables);

  assert.ok(isClosed(mesh));
  assert.equal(euler(mesh), 2);
  assert.ok(Math.abs(volume(mesh) / ((4 / 3) * Math.PI * RADIUS ** 3) - 1) < 0.005);
  const normals = vertexNormals(mesh);
  for (let k = 0; k < mesh.vertices.length; k += 3) {
    const place = mesh.vertices.subarray(k, k + 3);
    assert.ok(Math.abs(Math.hypot(...place) - RADIUS) < (0.05 * edge) / 48);
    const along = place.reduce((sum, each, c) => sum + each * normals[k + c], 0) / RADIUS;
    assert.ok(along > 0.99);
  }
});

test("a ring has one handle", () => {
  assert.equal(euler(extractSurface(dense(ring, 40, edge), 40, 0, edge, tables)), 0);
});

test("the surface of any field is closed, also where it leaves the cube or is infinite", () => {
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647 - 0.5;
  const values = Float32Array.from({ length: 9 ** 3 }, random);
  values[100] = Infinity;
  values[200] = -Infinity;

  assert.ok(isClosed(extractSurface(values, 8, 0, edge, tables)));
  assert.ok(isClosed(extractSurface(values.fill(1), 8, 0, edge, tables)));
});

for (const [name, at] of Object.entries({ ball, ring }))
  test(`MISE of a ${name} gives the mesh of the dense grid with fewer points`, async () => {
    const grid = await evaluateGrid(fieldOf(at), 128, 0.3, edge);
    const evaluated = grid.rounds.reduce((a, b) => a + b);
    const mesh = extractSurface(grid.values, 128, 0.3, edge, tables);
    const known = extractSurface(dense(at, 128, edge), 128, 0.3, edge, tables);

    assert.ok(evaluated < 129 ** 3 / 8);
    assert.ok(Buffer.from(mesh.faces.buffer).equals(Buffer.from(known.faces.buffer)));
    const apart = mesh.vertices.map((each, k) => Math.abs(each - known.vertices[k]));
    assert.ok(Math.max(...apart) < 1e-5);
  });

test("a resolution is a coarse grid and a number of subdivisions", () => {
  assert.deepEqual([64, 128, 256].map(splitResolution), [
    [32, 1],
    [32, 2],
    [32, 3],
  ]);
});

const pair = (depth) => (x, y, z) =>
  Math.max(
    12 * (0.16 - Math.hypot(x - 0.3, y, z)),
    12 * (0.16 - Math.hypot(x + 0.3, y, z)),
    -depth - 25 * Math.hypot(y, z) - 40 * Math.max(0, Math.abs(x) - 0.2),
  );

for (const [depth, pieces] of [
  [0.3, 1],
  [3, 2],
])
  test(`pieces ${depth} below the level apart end as ${pieces}`, async () => {
    const made = await surfaceOf(fieldOf(pair(depth)), 64, 0, surface, true, () => {});

    assert.ok(isClosed(made.mesh));
    assert.equal(componentVolumes(made.mesh).volumes.length, pieces);
    const apart = await surfaceOf(fieldOf(pair(depth)), 64, 0, surface, false, () => {});
    assert.equal(componentVolumes(apart.mesh).volumes.length, 2);
  });

test("an empty field is refused in words", async () => {
  const nothing = surfaceOf(fieldOf(() => -1), 64, 0, surface, true, () => {});

  await assert.rejects(nothing, /No surface/);
});

test("small pieces go, cavities stay with what contains them", () => {
  const hollow = (x, y, z) =>
    Math.max(
      Math.min(0.4 - Math.hypot(x, y, z), Math.hypot(x, y, z) - 0.2),
      0.03 - Math.hypot(x - 0.48, y - 0.48, z),
    );
  const mesh = extractSurface(dense(hollow, 64, edge), 64, 0, edge, tables);
  assert.equal(componentVolumes(mesh).volumes.length, 3);

  const kept = dropComponents(mesh, 0.01);

  assert.ok(isClosed(kept));
  const volumes = componentVolumes(kept).volumes;
  assert.equal(volumes.length, 2);
  assert.ok(Math.min(...volumes) < 0);
});
