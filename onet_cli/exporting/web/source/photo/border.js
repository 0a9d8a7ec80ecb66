/**
 * Segmentation on uniform backgrounds: a flood fill from the border; `shapes/photo_border.py`.
 *
 * @typedef {import("./resample.js").Picture} Picture
 * @typedef {import("./pixels.js").Mask} Mask
 * @typedef {object} Cut A segmented object.
 * @property {Float32Array} weight The object's coverage (H, W) of each pixel, 0 to 1.
 * @property {boolean} certain
 * @property {Float32Array | null} backdrop Background colour (H, W, 3), 0 to 255, if known.
 * @property {number} shaded Area of shadows as a share of the object's.
 * @property {boolean} white Whether the background is white.
 * @property {Mask} [shadows] Its pixels of shadow, if it is known.
 */

import { clip, median, quantile, sum } from "./numbers.js";
import { erode, flood, grow, highestNear, not, smooth, steepness, toLab } from "./pixels.js";

const UNEVEN = 3.5;
const FREE = 0.6;
const UNSURE = { noise: 2.2, free: 0.8, shadow: 0.7 };
const BAND = 0.015;
const DEEPEST_SHADOW = 45;
const SOFTEST_EDGE = 500;
const WHITE = 247;
const MOST_SHADOW = 0.85;
const TERMS = 6;

/**
 * The object in a picture on a uniform background, or null.
 *
 * @param {Picture} picture
 * @returns {Cut | null}
 */
export function cutFromEvenBackground(picture) {
  const { width, height } = picture;
  const lab = smooth(toLab(picture), width, 3);
  const border = borderOf(width, height);
  const fitted = fit(lab, border, width);
  const residual = distances(lab, fitted.model);
  const noise = median(residual.filter((_, at) => border[at]));
  const close = Math.max(3 * noise, 4);
  const free = sum(residual.map((each, at) => (border[at] && each < close ? 1 : 0))) / sum(border);
  if (noise > UNEVEN || free < FREE) return null;
  const tolerance = 3 * noise + 2;
  const near = Uint8Array.from(residual, (each) => (each < tolerance ? 1 : 0));
  const gentle = SOFTEST_EDGE / Math.max(width, height);
  const steep = steepness(lab, width);
  const shade = inShade(lab, fitted.model, tolerance).map((each, at) =>
    each && steep[at] < gentle ? 1 : 0,
  );
  const seeds = near.map((each, at) => (each && border[at] ? 1 : 0));
  const outside = flood(seeds, near, width).map((each, at) =>
    each || residual[at] < 0.6 * tolerance ? 1 : 0,
  );
  const shadows = withShadows(outside, shade, width);
  const inside = withoutSpecks(not(shadows.outside), width);
  const weight = soften(inside, residual, tolerance, width);
  const backdrop = fit(Float32Array.from(picture.data), fitted.fits, width).model;
  const darkest = [];
  for (let at = 0; at < border.length; at++)
    if (border[at])
      darkest.push(Math.min(backdrop[3 * at], backdrop[3 * at + 1], backdrop[3 * at + 2]));
  return {
    weight,
    certain: noise < UNSURE.noise && free > UNSURE.free && shadows.share < UNSURE.shadow,
    backdrop,
    shaded: shadows.share,
    shadows: shadows.shadows,
    white: quantile(darkest, 0.1) >= WHITE,
  };
}

/**
 * @param {number} width
 * @param {number} height
 * @returns {Mask}
 */
function borderOf(width, height) {
  const band = Math.max(1, Math.round(BAND * Math.min(width, height)));
  return Uint8Array.from({ length: width * height }, (_, at) => {
    const [x, y] = [at % width, Math.floor(at / width)];
    return x < band || y < band || x >= width - band || y >= height - band ? 1 : 0;
  });
}

/**
 * A quadratic model (H, W, 3) of `values`, and the pixels of `where` that it fits best.
 *
 * Trimmed least squares: the worst outliers are dropped and the fit is repeated.
 *
 * @param {Float32Array} values
 * @param {Mask} where
 * @param {number} width
 * @returns {{model: Float32Array, fits: Mask}}
 */
function fit(values, where, width) {
  const height = where.length / width;
  const terms = (/** @type {number} */ at) => {
    const x = width > 1 ? (2 * (at % width)) / (width - 1) - 1 : -1;
    const y = height > 1 ? (2 * Math.floor(at / width)) / (height - 1) - 1 : -1;
    return [1, x, y, x * x, x * y, y * y];
  };
  /** @type {number[]} */
  const sample = [];
  for (let at = 0; at < where.length; at++) if (where[at]) sample.push(at);
  const rows = sample.map(terms);
  const middle = [0, 1, 2].map((c) => median(sample.map((at) => values[3 * at + c])));
  let weights = [middle, ...Array.from({ length: TERMS - 1 }, () => [0, 0, 0])];
  let distance = residuals(rows, sample, values, weights);
  for (let round = 0; round < 6; round++) {
    const limit = quantile(distance, 0.7);
    weights = leastSquares(rows, sample, values, distance, limit);
    distance = residuals(rows, sample, values, weights);
  }
  const limit = quantile(distance, 0.7);
  const fits = new Uint8Array(where.length);
  sample.forEach((at, n) => (fits[at] = distance[n] <= limit ? 1 : 0));
  const model = new Float32Array(values.length);
  for (let at = 0; at < where.length; at++) {
    const row = terms(at);
    for (let c = 0; c < 3; c++)
      for (let t = 0; t < TERMS; t++) model[3 * at + c] += row[t] * weights[t][c];
  }
  return { model, fits };
}

/**
 * @param {number[][]} rows
 * @param {number[]} sample
 * @param {Float32Array} values
 * @param {number[][]} weights
 * @returns {Float64Array}
 */
function residuals(rows, sample, values, weights) {
  return Float64Array.from(rows, (row, n) => {
    let squares = 0;
    for (let c = 0; c < 3; c++) {
      let model = 0;
      for (let t = 0; t < TERMS; t++) model += row[t] * weights[t][c];
      squares += (values[3 * sample[n] + c] - model) ** 2;
    }
    return Math.sqrt(squares);
  });
}

/**
 * The weights (terms, 3) of the rows whose distance is within `limit`, by normal equations.
 *
 * @param {number[][]} rows
 * @param {number[]} sample
 * @param {Float32Array} values
 * @param {Float64Array} distance
 * @param {number} limit
 * @returns {number[][]}
 */
function leastSquares(rows, sample, values, distance, limit) {
  const system = Array.from({ length: TERMS }, () => new Float64Array(TERMS + 3));
  rows.forEach((row, n) => {
    if (distance[n] > limit) return;
    for (let i = 0; i < TERMS; i++) {
      for (let j = 0; j < TERMS; j++) system[i][j] += row[i] * row[j];
      for (let c = 0; c < 3; c++) system[i][TERMS + c] += row[i] * values[3 * sample[n] + c];
    }
  });
  for (let i = 0; i < TERMS; i++) {
    let pivot = i;
    for (let k = i + 1; k < TERMS; k++)
      if (Math.abs(system[k][i]) > Math.abs(system[pivot][i])) pivot = k;
    [system[i], system[pivot]] = [system[pivot], system[i]];
    if (Math.abs(system[i][i]) < 1e-10) continue;
    for (let k = 0; k < TERMS; k++) {
      if (k === i) continue;
      const share = system[k][i] / system[i][i];
      for (let j = i; j < TERMS + 3; j++) system[k][j] -= share * system[i][j];
    }
  }
  return system.map((row, i) =>
    [0, 1, 2].map((c) => (Math.abs(row[i]) < 1e-10 ? 0 : row[TERMS + c] / row[i])),
  );
}

/**
 * @param {Float32Array} one (H, W, 3)
 * @param {Float32Array} other
 * @returns {Float32Array}
 */
function distances(one, other) {
  const found = new Float32Array(one.length / 3);
  for (let at = 0; at < found.length; at++)
    found[at] = Math.hypot(
      one[3 * at] - other[3 * at],
      one[3 * at + 1] - other[3 * at + 1],
      one[3 * at + 2] - other[3 * at + 2],
    );
  return found;
}

/**
 * The pixels that may be background in shadow.
 *
 * @param {Float32Array} lab
 * @param {Float32Array} model
 * @param {number} tolerance
 * @returns {Mask}
 */
function inShade(lab, model, tolerance) {
  const shade = new Uint8Array(lab.length / 3);
  for (let at = 0; at < shade.length; at++) {
    const k = 3 * at;
    const darker = model[k] - lab[k];
    // Less light reduces chroma along with lightness.
    const dimmed = lab[k] / Math.max(model[k], 1);
    const hue = Math.hypot(lab[k + 1] - model[k + 1] * dimmed, lab[k + 2] - model[k + 2] * dimmed);
    shade[at] = darker > 0 && darker < DEEPEST_SHADOW && hue < tolerance + 2 ? 1 : 0;
  }
  return shade;
}

/**
 * @param {Mask} outside
 * @param {Mask} shade
 * @param {number} width
 */
function withShadows(outside, shade, width) {
  const allowed = outside.map((each, at) => (each || shade[at] ? 1 : 0));
  const grown = flood(outside, allowed, width);
  const shadows = grown.map((each, at) => (each && !outside[at] ? 1 : 0));
  const share = sum(shadows) / Math.max(outside.length - sum(outside), 1);
  return { outside: share > MOST_SHADOW ? outside : grown, shadows, share };
}

/**
 * @param {Mask} inside
 * @param {number} width
 */
function withoutSpecks(inside, width) {
  const cores = erode(inside, width, 2);
  return cores.includes(1) ? flood(cores, inside, width) : inside;
}

/**
 * The object's coverage of each pixel: along the edge, its share of the colour step.
 *
 * @param {Mask} inside
 * @param {Float32Array} residual
 * @param {number} tolerance
 * @param {number} width
 * @returns {Float32Array}
 */
function soften(inside, residual, tolerance, width) {
  const own = residual.map((each, at) => (inside[at] ? each : 0));
  const step = highestNear(own, width, 2);
  const rim = grow(not(inside), width, 2);
  return residual.map((each, at) => {
    if (!inside[at] || !rim[at]) return inside[at];
    return clip((each - tolerance / 2) / Math.max(step[at] - tolerance / 2, 1e-3), 0, 1);
  });
}
