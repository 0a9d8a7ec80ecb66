/** The page: photos go to the worker, its answers to the screen. */

import { Brush } from "./brush.js";
import { download } from "./download.js";
import { listenForPhotos } from "./input.js";
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
/** @type {{mesh: any, colours: Uint8Array | null} | undefined} */
let made;
/** @type {Viewer | undefined} */
let viewer;
const brush = new Brush(find("cutout"), brushTool, () => {
  find("undo").disabled = brush.undone.length === 0;
  find("again").textContent = brush.edited ? "Again, with this cut-out" : "Again";
});

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
    multiscale: find("multiscale").checked,
    thin: find("thin").checked,
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
  begin();
}

/** @param {Float32Array} [painted] The object's weight in the photo, if it was mended. */
function begin(painted) {
  if (!given) return;
  if (document.body.dataset.state === "working") stop();
  made = undefined;
  viewer?.clear();
  find("warnings").replaceChildren();
  find("facts").replaceChildren();
  for (const name of ["cutout", "brush"]) find(name).hidden = true;
  find("method").textContent = "";
  show("working");
  say("starting");
  worker ??= startWorker();
  worker.postMessage({ photo: given.photo, settings: settings(), painted });
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
    for (const name of ["cutout", "brush"]) find(name).hidden = false;
    brush.open(photo, weight, method === "mask");
    brush.changed();
    find("method").textContent = `Object found by ${METHODS[/** @type {"none"} */ (method)]}.`;
    const items = warnings.map((/** @type {string} */ text) => {
      const item = document.createElement("li");
      item.textContent = `${text[0].toUpperCase()}${text.slice(1)}.`;
      return item;
    });
    find("warnings").replaceChildren(...items);
  },
  mesh: ({ mesh, normals, colours = null, camera, facts }) => {
    made = { mesh, colours };
    show("done");
    say(`Done in ${facts.seconds.total.toFixed(1)} s.`);
    listFacts(mesh, facts);
    viewer?.show(mesh, normals, colours, camera.elevation);
  },
  error: ({ text }) => fail(text),
};

/**
 * @param {any} mesh
 * @param {any} facts
 */
function listFacts({ vertices, faces }, { threshold, evaluations, closed, seconds }) {
  /** @type {[string, string][]} */
  const rows = [
    ["Vertices", (vertices.length / 3).toLocaleString("en")],
    ["Faces", (faces.length / 3).toLocaleString("en")],
    ["Closed", closed ? "yes" : "no"],
    ["Threshold", threshold.toFixed(2)],
    ["Points evaluated", evaluations.toLocaleString("en")],
    ["Seconds, without loading", seconds.mesh.toFixed(1)],
  ];
  const cells = rows.flatMap(([name, value]) => {
    const [term, entry] = [document.createElement("dt"), document.createElement("dd")];
    [term.textContent, entry.textContent] = [name, value];
    return [term, entry];
  });
  find("facts").replaceChildren(...cells);
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
  find("brush").addEventListener("toggle", () => brush.use(find("brush").open));
  for (const button of document.querySelectorAll("[data-format]"))
    button.addEventListener("click", () => {
      const { format = "obj" } = /** @type {HTMLElement} */ (button).dataset;
      if (made && given) download(format, given.name, made.mesh, made.colours);
    });
  show("waiting");
  say("Waiting for a photo.");
}

open();
