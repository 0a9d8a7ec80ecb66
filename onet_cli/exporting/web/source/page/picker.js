/**
 * The object meant, by clicks on it or a box around it: mouse, touch, pen or keys.
 *
 * @typedef {{clicks: [number, number][], box: [number, number, number, number] | null}} Target
 *   In shares of the photo's width and height.
 */

const STEP = 0.02; // of a key, as a share of the photo
const SMALLEST = 0.01; // a box

/** Marks on a canvas that shows the photo as `object-fit: contain`. */
export class Picker {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {HTMLDetailsElement} panel Open while objects are chosen. Asked at each event: on a busy
   *   computer its event "toggle" comes later than the next click.
   * @param {() => boolean} boxed Whether a box is drawn; else clicks.
   * @param {(target: Target) => void} chosen
   * @param {() => void} draw Draws what is below the marks.
   */
  constructor(canvas, panel, boxed, chosen, draw) {
    this.canvas = canvas;
    this.panel = panel;
    this.boxed = boxed;
    this.chosen = chosen;
    this.below = draw;
    /** @type {Target} */
    this.target = { clicks: [], box: null };
    /** @type {[number, number]} */
    this.cursor = [0.5, 0.5];
    /** The first corner of a box that is being drawn. */
    /** @type {[number, number] | null} */
    this.corner = null;
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.lift(event));
    canvas.addEventListener("pointercancel", () => this.cancel());
    canvas.addEventListener("keydown", (event) => this.key(event));
    for (const name of ["focus", "blur"]) canvas.addEventListener(name, () => this.draw());
  }

  get active() {
    return this.panel.open;
  }

  /** Whether an object was chosen. */
  get used() {
    return this.target.clicks.length > 0 || this.target.box !== null;
  }

  clear() {
    this.target = { clicks: [], box: null };
    this.cursor = [0.5, 0.5];
    this.cancel();
  }

  /** Follow the panel, which was opened or closed. */
  use() {
    this.canvas.classList.toggle("picking", this.active);
    this.canvas.tabIndex = this.active ? 0 : -1;
    if (!this.active) this.cancel();
  }

  cancel() {
    this.corner = null;
    this.draw();
  }

  /**
   * The place under a pointer, within the photo.
   *
   * @param {PointerEvent} event
   * @returns {[number, number]}
   */
  place(event) {
    const { width, height } = this.canvas;
    const box = this.canvas.getBoundingClientRect();
    const scale = Math.min(box.width / width, box.height / height);
    const share = (/** @type {number} */ at, /** @type {number} */ whole, /** @type {number} */ side) =>
      Math.min(Math.max((at - (whole - side * scale) / 2) / scale / side, 0), 1 - 1e-6);
    return [
      share(event.clientX - box.left, box.width, width),
      share(event.clientY - box.top, box.height, height),
    ];
  }

  /** @param {PointerEvent} event */
  press(event) {
    if (!this.active || event.button !== 0) return;
    event.preventDefault();
    this.cursor = this.place(event);
    if (!this.boxed()) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.corner = this.cursor;
    this.draw();
  }

  /** @param {PointerEvent} event */
  move(event) {
    if (!this.active || !this.corner || !event.buttons) return;
    this.cursor = this.place(event);
    this.draw();
  }

  /** @param {PointerEvent} event */
  lift(event) {
    if (!this.active || event.button !== 0) return;
    this.cursor = this.place(event);
    if (!this.boxed()) this.click(event.shiftKey);
    else if (this.corner) this.close();
  }

  /** @param {boolean} another Beside those before. */
  click(another) {
    const before = another && this.target.box === null ? this.target.clicks : [];
    this.choose({ clicks: [...before, this.cursor], box: null });
  }

  /** Take the box between the first corner and the cursor. */
  close() {
    const [[u, v], [x, y]] = [/** @type {[number, number]} */ (this.corner), this.cursor];
    this.corner = null;
    if (Math.abs(u - x) < SMALLEST || Math.abs(v - y) < SMALLEST) this.draw();
    else
      this.choose({
        clicks: [],
        box: [Math.min(u, x), Math.min(v, y), Math.max(u, x), Math.max(v, y)],
      });
  }

  /** @param {Target} target */
  choose(target) {
    this.target = target;
    this.draw();
    this.chosen(target);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (!this.active || event.ctrlKey || event.metaKey || event.altKey) return;
    /** @type {Object<string, [number, number]>} */
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const step = steps[event.key];
    if (!step && ![" ", "Enter", "Escape"].includes(event.key)) return;
    event.preventDefault();
    if (step) {
      const moved = this.cursor.map((at, c) => Math.min(Math.max(at + STEP * step[c], 0), 1 - 1e-6));
      this.cursor = /** @type {[number, number]} */ (moved);
      this.draw();
    } else if (event.key === "Escape") this.cancel();
    else if (!this.boxed()) this.click(event.shiftKey);
    else if (this.corner) this.close();
    else {
      this.corner = this.cursor;
      this.draw();
    }
  }

  draw() {
    this.below();
    const context = this.canvas.getContext("2d");
    if (context === null || this.canvas.hidden || (!this.active && !this.used)) return;
    const { width, height } = this.canvas;
    const thick = Math.max(width, height) / 250;
    const { clicks, box } = this.target;
    const cross = (/** @type {[number, number]} */ [x, y]) => {
      const arm = 5 * thick;
      context.moveTo(x * width - arm, y * height);
      context.lineTo(x * width + arm, y * height);
      context.moveTo(x * width, y * height - arm);
      context.lineTo(x * width, y * height + arm);
    };
    for (const [colour, line] of /** @type {[string, number][]} */ ([["#fff", 2.4], ["#d0342c", 1]])) {
      context.strokeStyle = colour;
      context.lineWidth = line * thick;
      context.beginPath();
      clicks.forEach(cross);
      if (this.active && this.canvas.matches(":focus-visible")) cross(this.cursor);
      const [u, v, x, y] = this.corner ? [...this.corner, ...this.cursor] : (box ?? [0, 0, 0, 0]);
      if (this.corner || box) context.rect(u * width, v * height, (x - u) * width, (y - v) * height);
      context.stroke();
    }
  }
}
