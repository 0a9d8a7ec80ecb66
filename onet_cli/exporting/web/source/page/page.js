/** The page: photos go to the worker, its answers to the screen. */

import { Brush } from "./brush.js";
import { confidenceColours } from "./confidence.js";
import { download } from "./download.js";
import { listFacts, listWarnings } from "./facts.js";
import { listenForPhotos } from "./input.js";
import { Picker } from "./picker.js";
import { Viewer } from "./viewer.js";

const METHODS = {
  alpha: "the photo's transparency",
  border: "its plain background",
  network: "the mask network",
  mask: "your brush",
  none: "nothing: all of the photo was kept",
};

/** @type {(name: string) => any} */
const find = (name) => document.getElementById(name);

/** @type {Worker | undefined} */
let worker;
/** @type {{photo: Blob, name: string} | undefined} */
let given;
/** @type {{mesh: any, colours: Uint8Array | null, confidence: Float32Array} | undefined} */
let made;
/** @type {Viewer | undefined} */
let viewer;
const brush = new Brush(find("cutout"), find("brush"), brushTool, () => {
  find("undo").disabled = brush.undone.length === 0;
  find("again").textContent = brush.edited ? "Again, with this cut-out" : "Again";
});
const picker = new Picker(
  find("cutout"),
  find("picker"),
  () => find("boxes").checked,
  () => begin(),
  () => brush.draw(),
);

function brushTool() {
  return { adds: find("adds").checked, share: Number(find("size").value) / 100 };
}

/** @param {string} state waiting, working, done or failed. */
function show(state) {
  document.body.dataset.state = state;
  for (const button of document.querySelectorAll("[data-format]"))
    /** @type {HTMLButtonElement} */ (button).disabled = state !== "done";
  find("stop").hidden = state !== "working";
  find("again").hidden = given === undefined || state === "working";
}

/** @param {string} text */
function say(text) {
  find("status").textContent = text;
}

/** @param {string} text */
function fail(text) {
  show("failed");
  say(text);
}

function settings() {
  return {
    resolution: Number(find("resolution").value),
    faces: Number(find("faces").value) || null,
    threshold: Number(find("threshold").value) || null,
    multiscale: find("multiscale").checked,
    smooth: find("smooth").checked,
    gaps: find("gaps").checked,
    thin: find("thin").checked,
    depth: find("depth").checked,
    revolve: find("revolve").checked,
    join: find("join").checked,
    color: find("color").checked,
  };
}

function startWorker() {
  const fresh = new Worker("worker.js", { type: "module" });
  fresh.onmessage = ({ data }) => answers[data.kind]?.(data);
  fresh.onerror = (event) => {
    event.preventDefault();
    fail(`The page could not start: ${event.message || "worker.js is missing on the server"}.`);
    worker = undefined;
  };
  return fresh;
}

/** @param {File} photo */
function take(photo) {
  given = { photo, name: (photo.name || "photo").replace(/\.[^.]*$/, "") || "photo" };
  picker.clear();
  for (const name of ["cutout", "picker", "brush"]) find(name).hidden = true;
  begin();
}

/** @param {Float32Array} [painted] The object's weight in the photo, if it was mended. */
function begin(painted) {
  if (!given) return;
  if (document.body.dataset.state === "working") stop();
  if (![...document.querySelectorAll("input[type=number]")].every(isValid)) return;
  made = undefined;
  viewer?.clear();
  for (const name of ["warnings", "doubts", "facts"]) find(name).replaceChildren();
  find("paints").hidden = true;
  find("method").textContent = "";
  show("working");
  say("starting");
  worker ??= startWorker();
  const target = picker.used && !painted ? picker.target : undefined;
  find("anything").disabled = !picker.used;
  find("cutout").dataset.target = JSON.stringify(target ?? null);
  worker.postMessage({ photo: given.photo, settings: settings(), painted, target });
}

/** @param {any} input Whose value is said to be wrong, if it is. */
function isValid(input) {
  if (input.checkValidity()) return true;
  input.closest("details").open = true;
  input.reportValidity();
  return false;
}

/** Load the networks as soon as someone reaches for a photo. */
function prepare() {
  if (worker) return;
  worker = startWorker();
  worker.postMessage("prepare");
}

function stop() {
  worker?.terminate();
  worker = undefined;
  show("waiting");
  say("Stopped.");
}

/** @type {Object<string, (data: any) => void>} */
const answers = {
  started: ({ threads }) => {
    document.body.dataset.threads = threads;
  },
  progress: ({ text }) => say(`${text[0].toUpperCase()}${text.slice(1)} …`),
  cutout: ({ photo, weight, method, warnings }) => {
    for (const name of ["cutout", "brush", "picker"]) find(name).hidden = false;
    brush.open(photo, weight, method === "mask");
    brush.changed();
    picker.draw();
    const meant = picker.used && method !== "mask" ? "Object chosen by you, cut out" : "Object found";
    find("method").textContent = `${meant} by ${METHODS[/** @type {"none"} */ (method)]}.`;
    listWarnings(find("warnings"), warnings);
  },
  mesh: ({ mesh, normals, colours = null, confidence, camera, warnings, facts }) => {
    made = { mesh, colours, confidence };
    show("done");
    say(`Done in ${facts.seconds.total.toFixed(1)} s.`);
    listWarnings(find("doubts"), warnings);
    listFacts(find("facts"), mesh, confidence, facts);
    find("paints").hidden = false;
    find("paint").options[0].disabled = colours === null;
    if (colours === null && find("paint").value === "colours") find("paint").value = "grey";
    else if (colours !== null && find("paint").value === "grey") find("paint").value = "colours";
    viewer?.show(mesh, normals, shownColours(), camera.elevation);
  },
  error: ({ text }) => fail(text),
};

function shownColours() {
  if (!made || find("paint").value === "grey") return null;
  return find("paint").value === "colours" ? made.colours : confidenceColours(made.confidence);
}

/** Let the photo be drawn on by the tool that is open. */
function useTools() {
  // The one in use comes last: both set the canvas's place in the order of keys.
  for (const tool of picker.active ? [brush, picker] : [picker, brush]) tool.use();
  picker.draw();
}

function open() {
  if (location.protocol === "file:") {
    fail("Browsers run this page from a web server only: `onet demo`, or any static file server.");
    return;
  }
  try {
    viewer = new Viewer(find("view"));
  } catch {
    find("noview").hidden = false;
  }
  listenForPhotos({ zone: find("zone"), inputs: [find("file"), find("camera")] }, take, (text) => {
    if (document.body.dataset.state !== "working") say(text);
  });
  find("stop").addEventListener("click", stop);
  find("again").addEventListener("click", () => begin(brush.edited ? brush.weight : undefined));
  find("undo").addEventListener("click", () => brush.undo());
  for (const name of ["picker", "brush"]) find(name).addEventListener("toggle", useTools);
  find("anything").addEventListener("click", () => {
    picker.clear();
    begin();
  });
  find("paint").addEventListener("change", () => viewer?.paint(shownColours()));
  for (const button of document.querySelectorAll("[data-format]"))
    button.addEventListener("click", () => {
      const { format = "obj" } = /** @type {HTMLElement} */ (button).dataset;
      if (made && given)
        download(format, given.name, made.mesh, made.colours, made.confidence);
    });
  for (const name of ["pointerdown", "dragenter", "keydown"])
    document.addEventListener(name, prepare, { once: true });
  show("waiting");
  say("Waiting for a photo.");
}

open();
