/**
 * Resizing as Pillow does it, so that networks see the same pixels as with `onet reconstruct`.
 *
 * @typedef {{width: number, height: number, channels: number, data: Uint8Array}} Picture
 * @typedef {{width: number, height: number, data: Float32Array}} Plane
 */

import { roundHalfEven } from "./numbers.js";

const PRECISION = 2 ** 22; // of Pillow's integer weights

/** @type {Object<string, {support: number, at: (x: number) => number}>} */
const FILTERS = {
  bilinear: { support: 1, at: (x) => Math.max(1 - Math.abs(x), 0) },
  lanczos: { support: 3, at: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** @param {number} x */
function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/**
 * The weights of the input pixels for each output pixel along one axis.
 *
 * @param {number} length Input pixels.
 * @param {number} end End of the part that is resized, which begins at 0; may be fractional.
 * @param {number} size Output pixels.
 * @param {string} name Of the filter.
 * @returns {{starts: Int32Array, weights: Float64Array[]}}
 */
function coefficients(length, end, size, name) {
  const filter = FILTERS[name];
  const scale = end / size;
  const wide = Math.max(scale, 1);
  const support = filter.support * wide;
  const starts = new Int32Array(size);
  const weights = [];
  for (let place = 0; place < size; place++) {
    const centre = (place + 0.5) * scale;
    const first = Math.max(Math.trunc(centre - support + 0.5), 0);
    const last = Math.min(Math.trunc(centre + support + 0.5), length);
    const row = new Float64Array(last - first);
    let total = 0;
    for (let k = 0; k < row.length; k++) {
      row[k] = filter.at((k + first - centre + 0.5) / wide);
      total += row[k];
    }
    if (total !== 0) for (let k = 0; k < row.length; k++) row[k] /= total;
    starts[place] = first;
    weights.push(row);
  }
  return { starts, weights };
}

/**
 * @param {Picture} picture
 * @param {number} width
 * @param {number} height
 * @param {string} filter "bilinear" or "lanczos".
 * @param {[number, number]} [end] Right and bottom of the part that is resized.
 * @returns {Picture}
 */
export function resizePicture(picture, width, height, filter, end) {
  const [right, bottom] = end ?? [picture.width, picture.height];
  let found = picture;
  if (width !== picture.width || right !== picture.width)
    found = resizeRows(found, width, right, filter);
  if (height !== picture.height || bottom !== picture.height)
    found = resizeColumns(found, height, bottom, filter);
  return found;
}

/** @param {Float64Array[]} weights */
function asIntegers(weights) {
  return weights.map((row) => row.map((w) => Math.trunc(w * PRECISION + (w < 0 ? -0.5 : 0.5))));
}

/** @param {number} sum Of pixels times integer weights. */
function toByte(sum) {
  return Math.min(Math.max(Math.floor((sum + PRECISION / 2) / PRECISION), 0), 255);
}

/**
 * @param {Picture} picture
 * @param {number} width
 * @param {number} end
 * @param {string} filter
 * @returns {Picture}
 */
function resizeRows(picture, width, end, filter) {
  const { height, channels, data } = picture;
  const { starts, weights } = coefficients(picture.width, end, width, filter);
  const whole = asIntegers(weights);
  const out = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const row = whole[x];
      const from = (y * picture.width + starts[x]) * channels;
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let k = 0; k < row.length; k++) sum += data[from + k * channels + c] * row[k];
        out[(y * width + x) * channels + c] = toByte(sum);
      }
    }
  return { width, height, channels, data: out };
}

/**
 * @param {Picture} picture
 * @param {number} height
 * @param {number} end
 * @param {string} filter
 * @returns {Picture}
 */
function resizeColumns(picture, height, end, filter) {
  const { width, channels, data } = picture;
  const { starts, weights } = coefficients(picture.height, end, height, filter);
  const whole = asIntegers(weights);
  const stride = width * channels;
  const out = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    const row = whole[y];
    for (let x = 0; x < stride; x++) {
      let sum = 0;
      for (let k = 0; k < row.length; k++) sum += data[(starts[y] + k) * stride + x] * row[k];
      out[y * stride + x] = toByte(sum);
    }
  }
  return { width, height, channels, data: out };
}

/**
 * Resize real numbers, bilinear and antialiased.
 *
 * @param {Plane} plane
 * @param {number} width
 * @param {number} height
 * @returns {Plane}
 */
export function resizePlane(plane, width, height) {
  let { data } = plane;
  if (width !== plane.width) {
    const { starts, weights } = coefficients(plane.width, plane.width, width, "bilinear");
    const out = new Float32Array(width * plane.height);
    for (let y = 0; y < plane.height; y++)
      for (let x = 0; x < width; x++) {
        let sum = 0;
        const from = y * plane.width + starts[x];
        for (let k = 0; k < weights[x].length; k++) sum += data[from + k] * weights[x][k];
        out[y * width + x] = sum;
      }
    data = out;
  }
  if (height !== plane.height) {
    const { starts, weights } = coefficients(plane.height, plane.height, height, "bilinear");
    const out = new Float32Array(width * height);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let k = 0; k < weights[y].length; k++)
          sum += data[(starts[y] + k) * width + x] * weights[y][k];
        out[y * width + x] = sum;
      }
    data = out;
  }
  return { width, height, data };
}

/**
 * Means of blocks of `across` x `down` pixels; the last ones may be smaller.
 *
 * @param {Picture} picture
 * @param {number} across
 * @param {number} down
 * @returns {Picture}
 */
export function reducePicture(picture, across, down) {
  const { channels, data } = picture;
  const width = Math.ceil(picture.width / across);
  const height = Math.ceil(picture.height / down);
  const out = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const right = Math.min((x + 1) * across, picture.width);
      const bottom = Math.min((y + 1) * down, picture.height);
      const count = (right - x * across) * (bottom - y * down);
      for (let c = 0; c < channels; c++) {
        let sum = Math.floor(count / 2);
        for (let v = y * down; v < bottom; v++)
          for (let u = x * across; u < right; u++)
            sum += data[(v * picture.width + u) * channels + c];
        out[(y * width + x) * channels + c] = Math.floor(sum / count);
      }
    }
  return { width, height, channels, data: out };
}

/**
 * The size of a picture that fits into a square of `side` pixels; its own if it does.
 *
 * @param {number} width
 * @param {number} height
 * @param {number} side
 * @returns {[number, number]}
 */
export function thumbnailSize(width, height, side) {
  if (side >= width && side >= height) return [width, height];
  const aspect = width / height;
  if (aspect <= 1) return [nearer(side * aspect, (n) => Math.abs(aspect - n / side)), side];
  return [side, nearer(side / aspect, (n) => (n === 0 ? 0 : Math.abs(aspect - side / n)))];
}

/**
 * @param {number} number
 * @param {(n: number) => number} error
 */
function nearer(number, error) {
  const [low, high] = [Math.floor(number), Math.ceil(number)];
  return Math.max(error(high) < error(low) ? high : low, 1);
}

/**
 * Reduce a picture to fit into a square of `side` pixels, as Pillow's `thumbnail` does.
 *
 * @param {Picture} picture RGB or RGBA.
 * @param {number} side
 * @returns {Picture}
 */
export function thumbnail(picture, side) {
  const [width, height] = thumbnailSize(picture.width, picture.height, side);
  if (width === picture.width && height === picture.height) return picture;
  if (picture.channels === 4)
    return unpremultiplied(resizePicture(premultiplied(picture), width, height, "bilinear"));
  const gap = 2;
  const across = Math.max(Math.trunc(picture.width / width / gap), 1);
  const down = Math.max(Math.trunc(picture.height / height / gap), 1);
  if (across === 1 && down === 1) return resizePicture(picture, width, height, "bilinear");
  /** @type {[number, number]} */
  const end = [picture.width / across, picture.height / down];
  return resizePicture(reducePicture(picture, across, down), width, height, "bilinear", end);
}

/**
 * @param {Picture} picture RGBA.
 * @returns {Picture}
 */
function premultiplied(picture) {
  const data = picture.data.slice();
  for (let k = 0; k < data.length; k += 4)
    for (let c = 0; c < 3; c++) {
      const product = data[k + c] * data[k + 3] + 128;
      data[k + c] = ((product >> 8) + product) >> 8;
    }
  return { ...picture, data };
}

/**
 * @param {Picture} picture Premultiplied RGBA.
 * @returns {Picture}
 */
function unpremultiplied(picture) {
  const data = picture.data.slice();
  for (let k = 0; k < data.length; k += 4) {
    const alpha = data[k + 3];
    if (alpha === 0 || alpha === 255) continue;
    for (let c = 0; c < 3; c++)
      data[k + c] = Math.min(Math.floor((255 * data[k + c]) / alpha), 255);
  }
  return { ...picture, data };
}

/**
 * The matrix (size, length) of a triangle filter that networks' inputs are resized with.
 *
 * @param {number} length
 * @param {number} size
 * @returns {{starts: Int32Array, weights: Float32Array[]}}
 */
function triangle(length, size) {
  const scale = Math.fround(Math.fround(length) / Math.fround(size));
  const wide = Math.fround(1 / Math.max(scale, 1));
  const starts = new Int32Array(size);
  const weights = [];
  for (let place = 0; place < size; place++) {
    const middle = Math.fround(Math.fround(place + 0.5) * scale);
    const first = Math.max(Math.floor(middle - 0.5 - 1 / wide), 0);
    const last = Math.min(Math.ceil(middle - 0.5 + 1 / wide), length - 1);
    const row = new Float32Array(last - first + 1);
    let total = 0;
    for (let k = 0; k < row.length; k++) {
      row[k] = Math.max(1 - Math.abs((first + k - middle + 0.5) * wide), 0);
      total += row[k];
    }
    for (let k = 0; k < row.length; k++) row[k] /= total;
    starts[place] = first;
    weights.push(row);
  }
  return { starts, weights };
}

/**
 * A picture at a network's input size: planes (channels, size, size) in [0, 1].
 *
 * @param {Picture} picture
 * @param {number} size
 * @returns {Float32Array}
 */
export function resizeToUnit(picture, size) {
  const { width, height, channels, data } = picture;
  const columns = triangle(width, size);
  const rows = triangle(height, size);
  const out = new Float32Array(channels * size * size);
  const part = new Float32Array(height * size);
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++)
      for (let x = 0; x < size; x++) {
        const weights = columns.weights[x];
        let sum = 0;
        for (let k = 0; k < weights.length; k++)
          sum += (data[(y * width + columns.starts[x] + k) * channels + c] / 255) * weights[k];
        part[y * size + x] = sum;
      }
    for (let y = 0; y < size; y++)
      for (let x = 0; x < size; x++) {
        const weights = rows.weights[y];
        let sum = 0;
        for (let k = 0; k < weights.length; k++)
          sum += part[(rows.starts[y] + k) * size + x] * weights[k];
        out[(c * size + y) * size + x] = sum;
      }
  }
  return out;
}

/**
 * @param {Picture} picture
 * @param {[number, number, number, number]} box Left, top, right, bottom.
 * @returns {Picture}
 */
export function crop(picture, [left, top, right, bottom]) {
  const { channels } = picture;
  const [width, height] = [right - left, bottom - top];
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * picture.width + left) * channels;
    data.set(picture.data.subarray(from, from + width * channels), y * width * channels);
  }
  return { width, height, channels, data };
}

/**
 * A picture centred in a square, of which its longer side is the given share.
 *
 * @param {Picture} picture
 * @param {number} share
 * @param {number} ground Value of the pixels around it.
 * @returns {Picture}
 */
export function onSquare(picture, share, ground) {
  const { width, height, channels, data } = picture;
  const side = Math.max(roundHalfEven(Math.max(width, height) / share), 1);
  const square = new Uint8Array(side * side * channels).fill(ground);
  const [left, top] = [Math.floor((side - width) / 2), Math.floor((side - height) / 2)];
  for (let y = 0; y < height; y++)
    square.set(
      data.subarray(y * width * channels, (y + 1) * width * channels),
      ((top + y) * side + left) * channels,
    );
  return { width: side, height: side, channels, data: square };
}
