import assert from "node:assert/strict";
import { test } from "node:test";

import { photoMask } from "../../onet_cli/exporting/web/source/field/mask.js";
import { expose } from "../../onet_cli/exporting/web/source/photo/exposure.js";
import { isolateObject, PhotoError } from "../../onet_cli/exporting/web/source/photo/isolate.js";
import {
  resizePicture,
  resizePlane,
  resizeToUnit,
} from "../../onet_cli/exporting/web/source/photo/resample.js";
import { asPicture, difference, recorded, unpacked } from "./recorded.js";

const photos = recorded("photos");
const resizing = recorded("resizing");

/** A saliency that depends on the place only, as `disc` in record.py. */
async function disc(_, side) {
  return Float32Array.from({ length: side * side }, (__, at) => {
    const [x, y] = [at % side, Math.floor(at / side)];
    const away = Math.hypot((x + 0.5) / side - 0.45, (y + 0.5) / side - 0.55);
    return Math.min(Math.max((0.4 - away) * 8, 0), 1);
  });
}

for (const [name, known] of Object.entries(photos)) {
  test(`the object of the ${name} photo is framed as by the command line`, async () => {
    const prepared = await isolateObject(asPicture(known.photo), disc);

    assert.equal(prepared.method, known.method);
    assert.equal(prepared.warnings.length, known.warnings.length);
    assert.equal(prepared.picture.width, known.picture.shape[1]);
    assert.ok(difference(prepared.picture.data, unpacked(known.picture)) <= 1);
    assert.ok(difference(prepared.mask.data, unpacked(known.mask)) <= 1);
    const input = resizeToUnit(prepared.picture, 90);
    assert.ok(difference(input, unpacked(known.input)) < 1.5 / 255);
    const mask = { ...prepared.mask, data: unpacked(known.mask) };
    const exposed = expose(asPicture(known.picture), mask, known.exposure);
    assert.equal(difference(exposed.data, unpacked(known.exposed)), 0);
    const seen = photoMask(prepared.picture, prepared.mask);
    assert.equal(difference(seen, unpacked(known.seen)), 0);
  });
}

for (const [name, known] of Object.entries(recorded("targets"))) {
  test(`${name} names the object that it does on the command line`, async () => {
    const prepared = await isolateObject(asPicture(known.photo), disc, undefined, known.target);

    assert.equal(prepared.method, known.method);
    assert.equal(prepared.warnings.length, known.warnings.length);
    assert.equal(prepared.picture.width, known.picture.shape[1]);
    assert.ok(difference(prepared.picture.data, unpacked(known.picture)) <= 1);
    assert.ok(difference(prepared.mask.data, unpacked(known.mask)) <= 1);
    assert.ok(difference(prepared.weight, unpacked(known.weight)) < 1e-2);
  });
}

test("a click where nothing stands out is refused in words", async () => {
  const nothing = async (_, side) => new Float32Array(side * side);
  const noise = asPicture(photos.uneven.photo);
  const clicked = isolateObject(noise, nothing, undefined, { clicks: [[0.5, 0.5]], box: null });

  await assert.rejects(clicked, /No object stands out there/);
});

test("pictures and planes are resized as by Pillow", () => {
  for (const [name, [width, height]] of Object.entries(resizing.sizes)) {
    const small = resizePicture(asPicture(resizing.picture), width, height, "lanczos");
    assert.equal(difference(small.data, unpacked(resizing.lanczos[name])), 0);
    const [rows, columns] = resizing.plane.shape;
    const plane = { width: columns, height: rows, data: unpacked(resizing.plane) };
    const found = resizePlane(plane, width, height);
    assert.ok(difference(found.data, unpacked(resizing.planes[name])) < 1e-6);
  }
});

test("a photo without an object keeps its background, and a tiny one is refused", async () => {
  const nothing = async (_, side) => new Float32Array(side * side);
  const noise = asPicture(photos.uneven.photo);

  const prepared = await isolateObject(noise, nothing);

  assert.equal(prepared.method, "none");
  assert.equal(prepared.mask, null);
  const dot = { width: 4, height: 4, channels: 3, data: new Uint8Array(48) };
  await assert.rejects(isolateObject(dot, nothing), PhotoError);
});
