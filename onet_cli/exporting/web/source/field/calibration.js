/**
 * A checkpoint's calibration; `models/calibration.py`, `reconstruction/out_of_distribution.py`.
 *
 * @typedef {{data: Float32Array, width: number}} Matrix Rows of `width` numbers.
 * @typedef {object} Calibration
 * @property {{claimed: number[], measured: number[], reach: number}} reliability
 * @property {number} farthest
 * @property {number} widest
 * @property {any} doubt
 * @property {Matrix} basis
 * @property {Matrix} places
 */

const PREFIX = "calibration.";

/**
 * @param {Uint8Array} file The bytes of a safetensors file.
 * @param {any} description
 * @returns {Calibration | null}
 */
export function readCalibration(file, { calibration }) {
  if (!calibration) return null;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const end = 8 + Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, end)));
  const read = (/** @type {string} */ name) => {
    const { shape, data_offsets: ends } = header[PREFIX + name];
    const data = new Float32Array(shape[0] * shape[1]);
    for (let n = 0; n < data.length; n++)
      data[n] = fromHalf(view.getUint16(end + ends[0] + 2 * n, true));
    return { data, width: shape[1] };
  };
  return { ...calibration, basis: read("basis"), places: read("places") };
}

/**
 * The number with the bits of one in half precision.
 *
 * @param {number} bits
 */
export function fromHalf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const rest = bits & 1023;
  if (exponent === 31) return rest ? NaN : sign * Infinity;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + rest / 1024) : (2 ** -14 * rest) / 1024);
}

/**
 * How unlike the training images a photo is: above 1 if it is.
 *
 * @param {Float32Array} cells The global part of the code.
 * @param {Calibration} calibration
 * @param {number} lengthWeight
 */
export function outOfDistribution(cells, { basis, places, farthest, widest }, lengthWeight) {
  const length = Math.max(Math.hypot(...cells), 1e-12);
  const here = new Float64Array(basis.width + 1);
  for (let row = 0; row < cells.length; row++)
    for (let k = 0; k < basis.width; k++)
      here[k] += (cells[row] / length) * basis.data[row * basis.width + k];
  const inside = here.reduce((sum, each) => sum + each * each, 0);
  here[basis.width] = lengthWeight * Math.log(length);
  let nearest = Infinity;
  for (let start = 0; start < places.data.length; start += places.width) {
    let square = 0;
    for (let k = 0; k < places.width; k++) square += (places.data[start + k] - here[k]) ** 2;
    nearest = Math.min(nearest, square);
  }
  const beside = Math.sqrt(Math.max(1 - inside, 0));
  return Math.max(Math.sqrt(nearest) / farthest, beside / widest);
}
