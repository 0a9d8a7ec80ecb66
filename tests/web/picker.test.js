import assert from "node:assert/strict";
import { test } from "node:test";

import { Picker } from "../../onet_cli/exporting/web/source/page/picker.js";

/** A canvas of 40 x 20 pixels, shown as large, without anything to draw on. */
function blankCanvas() {
  const canvas = Object.assign(new EventTarget(), {
    width: 40,
    height: 20,
    hidden: false,
    getContext: () => null,
    getBoundingClientRect: () => ({ left: 0, top: 0, width: 40, height: 20 }),
    setPointerCapture: () => {},
  });
  return /** @type {any} */ (canvas);
}

/**
 * @param {boolean} boxed
 * @param {boolean} open
 */
function pickerOf(boxed, open) {
  const [canvas, panel] = [blankCanvas(), /** @type {any} */ ({ open })];
  /** @type {import("../../onet_cli/exporting/web/source/page/picker.js").Target[]} */
  const chosen = [];
  const choose = chosen.push.bind(chosen);
  new Picker(canvas, panel, () => boxed, choose, () => {});
  const point = (/** @type {string} */ kind, /** @type {number} */ x, /** @type {number} */ y) =>
    canvas.dispatchEvent(
      Object.assign(new Event(kind), { button: 0, buttons: 1, pointerId: 1, clientX: x, clientY: y }),
    );
  return { panel, chosen, point };
}

test("a click counts as soon as the panel is open, before its event toggle", () => {
  const { panel, chosen, point } = pickerOf(false, false);
  for (const kind of ["pointerdown", "pointerup"]) point(kind, 10, 5);
  assert.deepEqual(chosen, []);

  panel.open = true;
  for (const kind of ["pointerdown", "pointerup"]) point(kind, 10, 5);
  assert.deepEqual(chosen, [{ clicks: [[0.25, 0.25]], box: null }]);
});

test("a box is dragged in any direction, and one without an area is none", () => {
  const { chosen, point } = pickerOf(true, true);
  point("pointerdown", 30, 15);
  point("pointermove", 20, 10);
  point("pointerup", 10, 5);
  for (const kind of ["pointerdown", "pointerup"]) point(kind, 10, 5);
  assert.deepEqual(chosen, [{ clicks: [], box: [0.25, 0.25, 0.75, 0.75] }]);
});
