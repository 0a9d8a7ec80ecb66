/**
 * Processor seconds of each step, in Node.js on one thread, with the WebAssembly of the page:
 * `ONET_WEB_RECORDED=FOLDER node tests/web/time.mjs PAGE [RESOLUTION]`. PAGE is a folder of
 * `onet export --to web`, FOLDER that of `python -m tests.web.record`; the photo is the chair.
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";

import * as runtime from "onnxruntime-web/wasm";

import { PhotoCamera } from "../../onet_cli/exporting/web/source/colour/camera.js";
import { photoColours } from "../../onet_cli/exporting/web/source/colour/colour.js";
import { openMaskNetwork, openModel, warmUp } from "../../onet_cli/exporting/web/source/field/network.js";
import { reconstruct } from "../../onet_cli/exporting/web/source/field/reconstruct.js";
import { vertexNormals } from "../../onet_cli/exporting/web/source/mesh/normals.js";
import { isolateObject } from "../../onet_cli/exporting/web/source/photo/isolate.js";
import { asPicture, recorded } from "./recorded.js";

const [site, resolution = "128"] = process.argv.slice(2);
runtime.env.wasm.numThreads = 1;
const read = async (name) => new Uint8Array(await readFile(join(site, "model", name)));
const BEFORE = ["loading the network", "warming up"]; // done when someone reaches for a photo
let [step, last, total] = ["", 0, 0];

/** Print the time of the step before, and begin another. */
function tell(next) {
  const { user, system } = process.cpuUsage();
  const now = (user + system) / 1e6;
  if (step) console.log(`${(now - last).toFixed(1)} s ${step}`);
  if (step && !BEFORE.includes(step)) total += now - last;
  [step, last] = [next, now];
}

tell("loading the network");
const description = JSON.parse(new TextDecoder().decode(await read("model.json")));
const model = await openModel(runtime, read, description);
tell("warming up");
await warmUp(model);
tell("finding the object");
const { photo } = recorded("photos").plain;
const prepared = await isolateObject(asPicture(photo), openMaskNetwork(runtime, read));
const settings = {
  resolution: Number(resolution),
  multiscale: true,
  gaps: true,
  thin: true,
  join: true,
};
const { mesh, camera, standing } = await reconstruct(prepared, model, settings, tell);
tell("colouring the mesh");
const { colour } = description.constants;
const seen = new PhotoCamera(camera, standing, colour.side);
photoColours(mesh, vertexNormals(mesh), seen, prepared.picture, prepared.mask, colour);
tell("");
console.log(`${total.toFixed(1)} s together, without loading: ${mesh.faces.length / 3} faces`);
