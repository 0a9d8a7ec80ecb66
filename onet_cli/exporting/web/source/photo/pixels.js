/**
 * Building blocks of segmentation: CIE Lab, flood fill, small filters; `shapes/photo_pixels.py`.
 *
 * @typedef {import("./resample.js").Picture} Picture
 * @typedef {Uint8Array} Mask 0 or 1 per pixel, row by row.
 */

const TO_XYZ = [
  [0.412453 / 0.950456, 0.35758 / 0.950456, 0.180423 / 0.950456],
  [0.212671, 0.71516, 0.072169],
  [0.019334 / 1.088754, 0.119193 / 1.088754, 0.950227 / 1.088754],
];

const LINEAR = Float64Array.from({ length: 256 }, (_, n) => {
  const unit = n / 255;
  return unit <= 0.04045 ? unit / 12.92 : ((unit + 0.055) / 1.055) ** 2.4;
});

/**
 * CIE Lab (H, W, 3) of an RGB picture, L from 0 to 100.
 *
 * @param {Picture} picture
 * @returns {Float32Array}
 */
export function toLab({ data }) {
  const lab = new Float32Array(data.length);
  for (let k = 0; k < data.length; k += 3) {
    const [r, g, b] = [LINEAR[data[k]], LINEAR[data[k + 1]], LINEAR[data[k + 2]]];
    const [x, y, z] = TO_XYZ.map(([p, q, s]) => root(p * r + q * g + s * b));
    lab[k] = 116 * y - 16;
    lab[k + 1] = 500 * (x - y);
    lab[k + 2] = 200 * (y - z);
  }
  return lab;
}

/** @param {number} value */
function root(value) {
  return value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116;
}

/**
 * The pixels of `allowed` that are 4-connected to `seeds` within it.
 *
 * @param {Mask} seeds
 * @param {Mask} allowed
 * @param {number} width
 * @returns {Mask}
 */
export function flood(seeds, allowed, width) {
  const reached = new Uint8Array(allowed.length);
  const waiting = new Int32Array(allowed.length);
  let count = 0;
  const visit = (/** @type {number} */ at) => {
    if (!allowed[at] || reached[at]) return;
    reached[at] = 1;
    waiting[count++] = at;
  };
  for (let at = 0; at < seeds.length; at++) if (seeds[at]) visit(at);
  while (count) {
    const at = waiting[--count];
    const x = at % width;
    if (x > 0) visit(at - 1);
    if (x < width - 1) visit(at + 1);
    if (at >= width) visit(at - width);
    if (at < allowed.length - width) visit(at + width);
  }
  return reached;
}

/**
 * Number the 4-connected pieces of `mask`, from 1; 0 elsewhere.
 *
 * @param {Mask} mask
 * @param {number} width
 * @returns {{pieces: Int32Array, count: number}}
 */
export function label(mask, width) {
  const pieces = new Int32Array(mask.length);
  const waiting = new Int32Array(mask.length);
  let count = 0;
  for (let seed = 0; seed < mask.length; seed++) {
    if (!mask[seed] || pieces[seed]) continue;
    pieces[seed] = ++count;
    let left = 0;
    waiting[left++] = seed;
    while (left) {
      const at = waiting[--left];
      const x = at % width;
      for (const next of [
        x > 0 ? at - 1 : -1,
        x < width - 1 ? at + 1 : -1,
        at - width,
        at + width < mask.length ? at + width : -1,
      ])
        if (next >= 0 && mask[next] && !pieces[next]) {
          pieces[next] = count;
          waiting[left++] = next;
        }
    }
  }
  return { pieces, count };
}

/**
 * The maximum of `values` in each pixel's square neighbourhood.
 *
 * @template {Uint8Array | Float32Array} T
 * @param {T} values
 * @param {number} width
 * @param {number} radius
 * @returns {T}
 */
export function highestNear(values, width, radius) {
  const height = values.length / width;
  const across = /** @type {T} */ (values.slice());
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      let best = values[y * width + x];
      const last = Math.min(x + radius, width - 1);
      for (let u = Math.max(x - radius, 0); u <= last; u++)
        if (values[y * width + u] > best) best = values[y * width + u];
      across[y * width + x] = best;
    }
  const found = /** @type {T} */ (across.slice());
  for (let y = 0; y < height; y++) {
    const last = Math.min(y + radius, height - 1);
    for (let v = Math.max(y - radius, 0); v <= last; v++)
      for (let x = 0; x < width; x++)
        if (across[v * width + x] > found[y * width + x])
          found[y * width + x] = across[v * width + x];
  }
  return found;
}

/**
 * @param {Mask} mask
 * @param {number} width
 * @param {number} radius
 */
export function grow(mask, width, radius) {
  return highestNear(mask, width, radius);
}

/**
 * @param {Mask} mask
 * @param {number} width
 * @param {number} radius
 */
export function erode(mask, width, radius) {
  return not(highestNear(not(mask), width, radius));
}

/** @param {Mask} mask */
export function not(mask) {
  return mask.map((each) => (each ? 0 : 1));
}

/**
 * `values` (H, W, channels) averaged with the weights 1 2 1 in both directions.
 *
 * @param {Float32Array} values
 * @param {number} width
 * @param {number} channels
 * @returns {Float32Array}
 */
export function smooth(values, width, channels) {
  const height = values.length / width / channels;
  let found = values;
  for (const [step, count] of [
    [width * channels, height],
    [channels, width],
  ]) {
    const out = new Float32Array(found.length);
    for (let at = 0; at < found.length; at++) {
      const place = Math.floor(at / step) % count;
      const before = place > 0 ? at - step : at;
      const after = place < count - 1 ? at + step : at;
      out[at] = (found[before] + 2 * found[at] + found[after]) / 4;
    }
    found = out;
  }
  return found;
}

/**
 * The length of the gradient at each pixel of every third value of `lab`, its lightness.
 *
 * @param {Float32Array} lab
 * @param {number} width
 * @returns {Float32Array}
 */
export function steepness(lab, width) {
  const height = lab.length / width / 3;
  const steep = new Float32Array(width * height);
  const slope = (/** @type {number} */ at, /** @type {number} */ place, /** @type {number} */ count, /** @type {number} */ step) => {
    const before = place > 0 ? at - step : at;
    const after = place < count - 1 ? at + step : at;
    const apart = (place > 0 ? 1 : 0) + (place < count - 1 ? 1 : 0);
    return apart ? (lab[3 * after] - lab[3 * before]) / apart : 0;
  };
  for (let at = 0; at < steep.length; at++) {
    const [x, y] = [at % width, Math.floor(at / width)];
    steep[at] = Math.hypot(slope(at, y, height, width), slope(at, x, width, 1));
  }
  return steep;
}

/**
 * The mean of `values` (H, W, channels) in squares of odd `size`; the border is mirrored.
 *
 * @param {Float32Array} values
 * @param {number} width
 * @param {number} channels
 * @param {number} size
 * @returns {Float32Array}
 */
export function boxMean(values, width, channels, size) {
  const height = values.length / width / channels;
  const radius = (size - 1) / 2;
  let found = values;
  for (const [step, count] of [
    [width * channels, height],
    [channels, width],
  ]) {
    const out = new Float32Array(found.length);
    const lines = found.length / count;
    for (let line = 0; line < lines; line++) {
      // The first element of this line along the axis of `step`.
      const start = Math.floor(line / step) * step * count + (line % step);
      const read = (/** @type {number} */ place) => found[start + mirrored(place, count) * step];
      let total = 0;
      for (let k = -radius; k <= radius; k++) total += read(k);
      for (let k = 0; k < count; k++) {
        out[start + k * step] = total / size;
        total += read(k + radius + 1) - read(k - radius);
      }
    }
    found = out;
  }
  return found;
}

/**
 * @param {number} place
 * @param {number} count
 */
function mirrored(place, count) {
  const period = 2 * count;
  const inside = ((place % period) + period) % period;
  return inside < count ? inside : period - 1 - inside;
}
