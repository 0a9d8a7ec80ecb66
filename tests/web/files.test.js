import assert from "node:assert/strict";
import { test } from "node:test";

import { toGlb } from "../../onet_cli/exporting/web/source/files/glb.js";
import { toObj } from "../../onet_cli/exporting/web/source/files/obj.js";
import { toStl } from "../../onet_cli/exporting/web/source/files/stl.js";

/** A tetrahedron with coordinates that no decimal fraction of few digits has. */
const mesh = {
  vertices: Float64Array.from([0, 0, 0, 1 / 3, 0, 0, 0, 2 / 7, 0, 0, 0, Math.SQRT1_2]),
  faces: Uint32Array.from([0, 2, 1, 0, 1, 3, 0, 3, 2, 1, 2, 3]),
};
const colours = Uint8Array.from([255, 0, 0, 0, 255, 0, 0, 0, 255, 128, 128, 128]);

test("an OBJ file has the vertices, colours and faces", () => {
  const rows = toObj(mesh, colours).trim().split("\n").map((line) => line.split(" "));
  const vertices = rows.filter(([kind]) => kind === "v").map((row) => row.slice(1).map(Number));
  const faces = rows.filter(([kind]) => kind === "f").map((row) => row.slice(1).map(Number));

  assert.deepEqual(faces.flat().map((n) => n - 1), [...mesh.faces]);
  vertices.forEach((row, n) =>
    row.slice(0, 3).forEach((each, c) => {
      assert.ok(Math.abs(each - mesh.vertices[3 * n + c]) < 1e-9);
    }),
  );
  assert.deepEqual(vertices.map((row) => row.slice(3)).flat().map((each) => Math.round(255 * each)), [
    ...colours,
  ]);
});

test("an STL file has a normal and three corners for each face", () => {
  const bytes = toStl(mesh);
  const view = new DataView(bytes.buffer);

  assert.equal(bytes.length, 84 + 50 * 4);
  assert.equal(view.getUint32(80, true), 4);
  const floats = (face) => Array.from({ length: 12 }, (_, k) => view.getFloat32(84 + 50 * face + 4 * k, true));
  assert.deepEqual(floats(0).slice(0, 3), [0, 0, -1]);
  assert.deepEqual(floats(1).slice(3), [0, 0, 0, Math.fround(1 / 3), 0, 0, 0, 0, Math.fround(Math.SQRT1_2)]);
});

for (const painted of [null, colours])
  test(`a GLB file ${painted ? "with" : "without"} colours is glTF 2.0`, () => {
    const bytes = toGlb(mesh, painted);
    const view = new DataView(bytes.buffer);
    const word = (at) => view.getUint32(at, true);

    assert.deepEqual([word(0), word(4), word(8)], [0x46546c67, 2, bytes.length]);
    const room = word(12);
    assert.equal(room % 4, 0);
    const document = JSON.parse(new TextDecoder().decode(bytes.subarray(20, 20 + room)));
    assert.equal(word(20 + room), document.buffers[0].byteLength);
    assert.equal(28 + room + word(20 + room), bytes.length);
    const [{ attributes, indices }] = document.meshes[0].primitives;
    const chunk = bytes.slice(28 + room);
    const read = (n, kind) => {
      const part = document.bufferViews[document.accessors[n].bufferView];
      assert.equal(part.byteOffset % 4, 0);
      return new kind(chunk.buffer, part.byteOffset, part.byteLength / kind.BYTES_PER_ELEMENT);
    };
    assert.deepEqual([...read(indices, Uint32Array)], [...mesh.faces]);
    assert.deepEqual([...read(attributes.POSITION, Float32Array)], [...Float32Array.from(mesh.vertices)]);
    const { min, max } = document.accessors[attributes.POSITION];
    assert.deepEqual(min, [0, 0, 0]);
    assert.ok(Math.abs(max[2] - Math.SQRT1_2) < 1e-6);
    assert.equal(attributes.COLOR_0 === undefined, painted === null);
    if (painted) {
      const found = read(attributes.COLOR_0, Uint8Array);
      assert.deepEqual([...found.subarray(0, 4)], [255, 0, 0, 255]);
      // sRGB 128 is 21.6 % of white in linear light.
      assert.equal(found[12], Math.round(0.2158605 * 255));
    }
  });
