import assert from "node:assert/strict";
import { test } from "node:test";

import { isClosed } from "../../onet_cli/exporting/web/source/mesh/components.js";
import { extractSurface } from "../../onet_cli/exporting/web/source/mesh/marching.js";
import { errorAt, least, shift } from "../../onet_cli/exporting/web/source/mesh/quadric.js";
import { EdgeQueue } from "../../onet_cli/exporting/web/source/mesh/queue.js";
import { simplify } from "../../onet_cli/exporting/web/source/mesh/simplify.js";
import { asMesh, difference, recorded } from "./recorded.js";
import { dense, euler, volume } from "./shapes.js";

const { tables, edge } = recorded("constants").surface;
const RADIUS = 0.4;
const ball = (x, y, z) => 10 * (RADIUS - Math.hypot(x, y, z));
const ring = (x, y, z) => 10 * (0.12 - Math.hypot(Math.hypot(x, z) - 0.3, y));
const box = (x, y, z) => 10 * Math.min(0.4 - Math.abs(x), 0.3 - Math.abs(y), 0.2 - Math.abs(z));
const surface = (at, cells) => extractSurface(dense(at, cells, edge), cells, 0, edge, tables);

/** Pseudo-random numbers from 0 to 1. */
function numbers(seed) {
  return () => (seed = (seed * 48271) % 2147483647) / 2147483647;
}

for (const count of [2000, 501, 100, 20, 4])
  test(`a ball of ${count} faces is closed, and outward`, () => {
    const small = simplify(surface(ball, 40), count);

    assert.equal(small.faces.length / 3, count - (count % 2));
    assert.ok(isClosed(small));
    assert.equal(euler(small), 2);
    for (let f = 0; f < small.faces.length; f += 3) {
      const [a, b, c] = [0, 1, 2].map((n) => small.vertices.subarray(3 * small.faces[f + n]));
      const [u, v] = [b, c].map((to) => [0, 1, 2].map((n) => to[n] - a[n]));
      const normal = [0, 1, 2].map(
        (n) => u[(n + 1) % 3] * v[(n + 2) % 3] - u[(n + 2) % 3] * v[(n + 1) % 3],
      );
      assert.ok(normal.reduce((sum, each, n) => sum + each * (a[n] + b[n] + c[n]), 0) > 0);
    }
  });

test("a ball and a ring keep their surface, volume and hole", () => {
  const [whole, holed] = [surface(ball, 48), surface(ring, 48)];
  const [small, around] = [simplify(whole, 1000), simplify(holed, 800)];

  assert.ok(Math.abs(volume(small) / volume(whole) - 1) < 1e-3);
  for (let k = 0; k < small.vertices.length; k += 3)
    assert.ok(Math.abs(Math.hypot(...small.vertices.subarray(k, k + 3)) - RADIUS) < 3e-3);
  assert.equal(around.faces.length / 3, 800);
  assert.equal(euler(around), 0);
  assert.ok(isClosed(around));
  assert.ok(Math.abs(volume(around) / volume(holed) - 1) < 1e-3);
});

test("flat sides go first", () => {
  const whole = surface(box, 40);
  const small = simplify(whole, 300);

  assert.ok(isClosed(small));
  assert.ok(Math.abs(volume(small) / volume(whole) - 1) < 1e-4);
});

test("any surface stays closed, with its pieces and handles", () => {
  for (let seed = 1; seed < 20; seed++) {
    const random = numbers(seed);
    const values = Float32Array.from({ length: 7 ** 3 }, () => random() - 0.6);
    const whole = extractSurface(values, 6, 0, edge, tables);

    const small = simplify(whole, 4 + Math.floor((random() * whole.faces.length) / 3));

    assert.ok(isClosed(small));
    assert.equal(euler(small), euler(whole));
  }
});

for (const [name, { mesh, simplified }] of Object.entries(recorded("simplified")))
  for (const [count, known] of Object.entries(simplified))
    test(`a ${name} of ${count} faces is that of the command line`, () => {
      const found = simplify(asMesh(mesh), Number(count));
      const expected = asMesh(known);

      assert.deepEqual([...found.faces], [...expected.faces]);
      assert.ok(difference(found.vertices, expected.vertices) < 1e-6);
    });

test("a mesh of few faces is left as it is, and an open one is refused", () => {
  const whole = surface(ball, 8);

  assert.equal(simplify(whole, 1e6), whole);
  const open = { vertices: whole.vertices, faces: whole.faces.slice(3) };
  assert.throws(() => simplify(open, 20), /closed/);
});

test("a quadric is least at the corner of its planes, with their squared distances as error", () => {
  const corner = [0.3, -0.2, 0.5];
  const planes = [[1, 0, 0], [0.6, 0.8, 0], [0, 0.6, 0.8]];
  const q = new Float64Array(10);
  for (const [x, y, z] of planes) {
    const away = -(x * corner[0] + y * corner[1] + z * corner[2]);
    const terms = [x * x, x * y, x * z, y * y, y * z, z * z, away * x, away * y, away * z];
    [...terms, away * away].forEach((each, n) => (q[n] += each));
  }
  const d = new Float64Array(3);

  least(q, 0, d);

  assert.ok(difference(d, corner) < 1e-12);
  const other = [1, 2, 3];
  const expected = planes.reduce(
    (sum, normal) => sum + normal.reduce((a, each, c) => a + each * (other[c] - corner[c]), 0) ** 2,
    0,
  );
  assert.ok(Math.abs(errorAt(q, other) - expected) < 1e-12);
  const about = new Float64Array(10);
  shift(q, 0, 1, 2, 3, about, 0);
  assert.ok(Math.abs(errorAt(about, [0, 0, 0]) - expected) < 1e-12);
});

test("a queue gives the least key first, and of equal ones the least edge", () => {
  const random = numbers(3);
  const queue = new EdgeQueue(500);
  const known = Array.from({ length: 500 }, (_, n) => [Math.floor(random() * 50), n]);
  for (const [key, n] of known) queue.append(key, n);
  queue.order();

  const found = [];
  while (queue.count) {
    found.push([queue.keys[0], queue.edges[0]]);
    queue.drop();
  }

  assert.deepEqual(found, known.sort(([a, m], [b, n]) => a - b || m - n));
});
