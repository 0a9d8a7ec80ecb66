/**
 * The mesh on the screen: orbit by mouse, touch and keys.
 *
 * @typedef {import("../mesh/marching.js").Mesh} Mesh
 */

import {
  BufferAttribute,
  BufferGeometry,
  Color,
  DirectionalLight,
  HemisphereLight,
  Mesh as Shape,
  MeshStandardMaterial,
  PerspectiveCamera,
  Scene,
  SRGBColorSpace,
  WebGLRenderer,
} from "three";
import { OrbitControls } from "three/examples/jsm/controls/OrbitControls.js";

const STEP = Math.PI / 24; // of a key
const DISTANCE = 2.6;
const GREY = 0xb9bcc2;

/** Draws one mesh into a canvas, whenever something has changed. */
export class Viewer {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true });
    this.scene = new Scene();
    this.camera = new PerspectiveCamera(32, 1, 0.05, 20);
    this.light = new DirectionalLight(0xffffff, 2.2);
    this.scene.add(new HemisphereLight(0xffffff, 0x8a8f99, 1.6), this.camera);
    this.light.position.set(0.7, 1, 1);
    this.camera.add(this.light);
    this.controls = new OrbitControls(this.camera, canvas);
    this.controls.enablePan = false;
    this.controls.minDistance = 1;
    this.controls.maxDistance = 6;
    this.controls.addEventListener("change", () => this.draw());
    canvas.addEventListener("keydown", (event) => this.press(event));
    new ResizeObserver(() => this.draw()).observe(canvas);
    this.elevation = 0.35;
    this.reset();
  }

  /**
   * @param {Mesh} mesh
   * @param {Float32Array} normals
   * @param {Uint8Array | null} colours (V, 3) sRGB.
   * @param {number} elevation Of the photo's camera, in radians.
   */
  show({ vertices, faces }, normals, colours, elevation) {
    this.clear();
    const geometry = new BufferGeometry();
    geometry.setAttribute("position", new BufferAttribute(Float32Array.from(vertices), 3));
    geometry.setAttribute("normal", new BufferAttribute(normals, 3));
    geometry.setIndex(new BufferAttribute(faces, 1));
    this.shape = new Shape(geometry, new MeshStandardMaterial({ roughness: 0.85 }));
    this.scene.add(this.shape);
    this.elevation = elevation;
    this.paint(colours);
    this.reset();
  }

  /**
   * Show other colours of the same mesh.
   *
   * @param {Uint8Array | null} colours (V, 3) sRGB; null: grey.
   */
  paint(colours) {
    if (!this.shape) return;
    const { geometry, material } = this.shape;
    if (colours) geometry.setAttribute("color", new BufferAttribute(linear(colours), 3));
    else geometry.deleteAttribute("color");
    material.vertexColors = colours !== null;
    material.color.set(colours ? 0xffffff : GREY);
    material.needsUpdate = true;
    this.draw();
  }

  clear() {
    if (!this.shape) return;
    this.scene.remove(this.shape);
    this.shape.geometry.dispose();
    this.shape.material.dispose();
    this.shape = undefined;
    this.draw();
  }

  /** Look from where the photo was taken, a little to the side. */
  reset() {
    this.look(0.45, Math.min(Math.max(this.elevation, 0.15), 1.2), DISTANCE);
  }

  /**
   * @param {number} azimuth From +z towards +x.
   * @param {number} elevation
   * @param {number} distance
   */
  look(azimuth, elevation, distance) {
    this.camera.position.set(
      distance * Math.cos(elevation) * Math.sin(azimuth),
      distance * Math.sin(elevation),
      distance * Math.cos(elevation) * Math.cos(azimuth),
    );
    this.controls.update();
    this.draw();
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const azimuth = this.controls.getAzimuthalAngle();
    const elevation = Math.PI / 2 - this.controls.getPolarAngle();
    const distance = this.controls.getDistance();
    const turned = (/** @type {number} */ a, /** @type {number} */ e, far = 1) =>
      this.look(
        azimuth + a,
        Math.min(Math.max(elevation + e, -1.5), 1.5),
        Math.min(Math.max(distance * far, 1), 6),
      );
    /** @type {Object<string, () => void>} */
    const actions = {
      ArrowLeft: () => turned(-STEP, 0),
      ArrowRight: () => turned(STEP, 0),
      ArrowUp: () => turned(0, STEP),
      ArrowDown: () => turned(0, -STEP),
      "+": () => turned(0, 0, 0.9),
      "=": () => turned(0, 0, 0.9),
      "-": () => turned(0, 0, 1 / 0.9),
      Home: () => this.reset(),
    };
    const action = actions[event.key];
    if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action();
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !height) return;
    this.renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
    this.renderer.setSize(width, height, false);
    this.camera.aspect = width / height;
    this.camera.updateProjectionMatrix();
    this.renderer.render(this.scene, this.camera);
  }
}

/** @param {Uint8Array} colours */
function linear(colours) {
  const found = new Float32Array(colours.length);
  const colour = new Color();
  for (let k = 0; k < colours.length; k += 3) {
    const [r, g, b] = colours.subarray(k, k + 3);
    colour.setRGB(r / 255, g / 255, b / 255, SRGBColorSpace).toArray(found, k);
  }
  return found;
}
