/**
 * The photo with its background faded, to check what was cut out.
 *
 * @typedef {import("../photo/resample.js").Picture} Picture
 */

const FADED = 0.18; // what remains of the background
const TINT = [120, 135, 155];

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Picture} photo RGB.
 * @param {Float32Array | null} weight (H, W); null: all of it is the object.
 */
export function drawCutout(canvas, { width, height, data }, weight) {
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  if (context === null) return;
  const pixels = context.createImageData(width, height);
  for (let at = 0; at < width * height; at++) {
    const share = FADED + (1 - FADED) * (weight ? weight[at] : 1);
    for (let c = 0; c < 3; c++)
      pixels.data[4 * at + c] = share * data[3 * at + c] + (1 - share) * TINT[c];
    pixels.data[4 * at + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
}
