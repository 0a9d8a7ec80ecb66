/**
 * A brush that mends the cut-out, by mouse, touch, pen or keys.
 *
 * @typedef {import("../photo/resample.js").Picture} Picture
 */

import { drawCutout } from "./cutout.js";

const MOST_UNDONE = 20;
const SMOOTHEST = 0.35; // of the brush's radius: the width of its soft rim

/** The weight of the object in a photo, and the tools that change it. */
export class Brush {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {HTMLDetailsElement} panel Open while it paints; asked at each event, as by `Picker`.
   * @param {() => {adds: boolean, share: number}} tool Whether it adds, and its radius over the
   *   photo's longer side.
   * @param {() => void} changed Called after each stroke.
   */
  constructor(canvas, panel, tool, changed) {
    this.canvas = canvas;
    this.panel = panel;
    this.tool = tool;
    this.changed = changed;
    /** @type {Picture | undefined} */
    this.photo = undefined;
    /** @type {Float32Array} */
    this.weight = new Float32Array(0);
    /** @type {Float32Array[]} */
    this.undone = [];
    /** Whether the weight was painted when it was opened. */
    this.painted = false;
    /** @type {[number, number] | null} */
    this.last = null;
    /** @type {[number, number]} */
    this.cursor = [0, 0];
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"])
      canvas.addEventListener(name, () => this.lift());
    canvas.addEventListener("keydown", (event) => this.key(event));
    for (const name of ["focus", "blur"])
      canvas.addEventListener(name, () => this.active && this.draw());
  }

  get active() {
    return this.panel.open;
  }

  /**
   * @param {Picture} photo
   * @param {Float32Array | null} weight null: all of the photo is the object.
   * @param {boolean} painted Whether the weight comes from this brush.
   */
  open(photo, weight, painted) {
    this.photo = photo;
    this.weight = weight ?? new Float32Array(photo.width * photo.height).fill(1);
    this.undone = [];
    this.painted = painted;
    this.cursor = [photo.width / 2, photo.height / 2];
    this.draw();
  }

  /** Whether the weight is not the one that was found in the photo. */
  get edited() {
    return this.painted || this.undone.length > 0;
  }

  /** Follow the panel: while it is closed, a touch scrolls the page. */
  use() {
    this.canvas.classList.toggle("painting", this.active);
    this.canvas.tabIndex = this.active ? 0 : -1;
  }

  undo() {
    const before = this.undone.pop();
    if (!before) return;
    this.weight = before;
    this.draw();
    this.changed();
  }

  /** @param {PointerEvent} event */
  press(event) {
    if (!this.active || !this.photo || event.button !== 0) return;
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    this.keep();
    this.last = this.place(event);
    this.dab(this.last);
    this.draw();
  }

  /** @param {PointerEvent} event */
  move(event) {
    if (!this.last) return;
    const [from, to] = [this.last, this.place(event)];
    const steps = Math.max(1, Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1]) / (this.radius() / 2)));
    for (let n = 1; n <= steps; n++)
      this.dab([from[0] + ((to[0] - from[0]) * n) / steps, from[1] + ((to[1] - from[1]) * n) / steps]);
    this.last = to;
    this.draw();
  }

  lift() {
    if (!this.last) return;
    this.last = null;
    this.changed();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (!this.active || !this.photo || event.ctrlKey || event.metaKey || event.altKey) return;
    /** @type {Object<string, [number, number]>} */
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const step = steps[event.key];
    if (!step && event.key !== " ") return;
    event.preventDefault();
    if (step) {
      const reach = this.radius() / 2;
      const { width, height } = this.photo;
      this.cursor = [
        Math.min(Math.max(this.cursor[0] + step[0] * reach, 0), width),
        Math.min(Math.max(this.cursor[1] + step[1] * reach, 0), height),
      ];
    } else {
      this.keep();
      this.dab(this.cursor);
      this.changed();
    }
    this.draw();
  }

  /** Remember the weight, for `undo`. */
  keep() {
    this.undone.push(this.weight.slice());
    if (this.undone.length <= MOST_UNDONE) return;
    this.undone.shift();
    this.painted = true; // the first stroke can no longer be undone
  }

  radius() {
    const { width, height } = /** @type {Picture} */ (this.photo);
    return Math.max(this.tool().share * Math.max(width, height), 1.5);
  }

  /**
   * The pixel of the photo under a pointer; the canvas shows it as `object-fit: contain`.
   *
   * @param {PointerEvent} event
   * @returns {[number, number]}
   */
  place(event) {
    const box = this.canvas.getBoundingClientRect();
    const { width, height } = /** @type {Picture} */ (this.photo);
    const scale = Math.min(box.width / width, box.height / height);
    return [
      (event.clientX - box.left - (box.width - width * scale) / 2) / scale,
      (event.clientY - box.top - (box.height - height * scale) / 2) / scale,
    ];
  }

  /** @param {[number, number]} place */
  dab([x, y]) {
    const { width, height } = /** @type {Picture} */ (this.photo);
    const radius = this.radius();
    const { adds } = this.tool();
    const rim = Math.max(SMOOTHEST * radius, 1);
    for (let row = Math.max(0, Math.floor(y - radius)); row < Math.min(height, y + radius); row++)
      for (let column = Math.max(0, Math.floor(x - radius)); column < Math.min(width, x + radius); column++) {
        const away = Math.hypot(column + 0.5 - x, row + 0.5 - y);
        const share = Math.min(Math.max((radius - away) / rim, 0), 1);
        const at = row * width + column;
        this.weight[at] = adds
          ? Math.max(this.weight[at], share)
          : Math.min(this.weight[at], 1 - share);
      }
  }

  draw() {
    if (!this.photo) return;
    drawCutout(this.canvas, this.photo, this.weight);
    if (!this.active) return;
    if (document.activeElement !== this.canvas || !this.canvas.matches(":focus-visible")) return;
    const context = this.canvas.getContext("2d");
    if (context === null) return;
    context.lineWidth = Math.max(this.photo.width, this.photo.height) / 250;
    for (const [colour, wider] of /** @type {[string, number][]} */ ([["#000", 0], ["#fff", context.lineWidth]])) {
      context.strokeStyle = colour;
      context.beginPath();
      context.arc(this.cursor[0], this.cursor[1], this.radius() + wider, 0, 2 * Math.PI);
      context.stroke();
    }
  }
}
