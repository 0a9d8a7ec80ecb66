/**
 * Quadrics in arrays of ten numbers each; `ext/quadric.pxi`.
 *
 * A quadric is ten numbers about a point o: the error at o + d is d.A.d + 2 g.d + c, A being the
 * numbers 0 to 5 (xx xy xz yy yz zz), g 6 to 8 and c 9. It is a sum of squared distances to planes,
 * weighted by area, so the trace of A is the area. Source: Garland & Heckbert, SIGGRAPH 1997.
 */

const TINY = 1e-200; // an area whose share is still a number to divide by

/**
 * Write the quadric at `from` of `given`, about a point (x, y, z) away from its own.
 *
 * @param {Float64Array} given
 * @param {number} from
 * @param {number} x
 * @param {number} y
 * @param {number} z
 * @param {Float64Array} shifted
 * @param {number} to
 */
export function shift(given, from, x, y, z, shifted, to) {
  const [a, b, c] = [given[from], given[from + 1], given[from + 2]];
  const [d, e, f] = [given[from + 3], given[from + 4], given[from + 5]];
  const [g, h, i] = [given[from + 6], given[from + 7], given[from + 8]];
  const px = a * x + b * y + c * z;
  const py = b * x + d * y + e * z;
  const pz = c * x + e * y + f * z;
  const error = given[from + 9] + 2 * (g * x + h * y + i * z) + (px * x + py * y + pz * z);
  shifted[to] = a;
  shifted[to + 1] = b;
  shifted[to + 2] = c;
  shifted[to + 3] = d;
  shifted[to + 4] = e;
  shifted[to + 5] = f;
  shifted[to + 6] = g + px;
  shifted[to + 7] = h + py;
  shifted[to + 8] = i + pz;
  shifted[to + 9] = error;
}

/**
 * The error of a quadric at `d` from its point.
 *
 * @param {Float64Array} q
 * @param {Float64Array} d
 */
export function errorAt(q, [x, y, z]) {
  const px = q[0] * x + q[1] * y + q[2] * z;
  const py = q[1] * x + q[3] * y + q[4] * z;
  const pz = q[2] * x + q[4] * y + q[5] * z;
  return q[9] + 2 * (q[6] * x + q[7] * y + q[8] * z) + (px * x + py * y + pz * z);
}

const m = new Float64Array(9);

/**
 * Write to `d` where the error plus `stiffness` times the squared distance moved is least.
 *
 * Elimination with the greatest pivot first; what is left after it is never below `stiffness`, so
 * that where the error does not determine a direction, nothing moves along it.
 *
 * @param {Float64Array} q
 * @param {number} stiffness
 * @param {Float64Array} d
 */
export function least(q, stiffness, d) {
  m[0] = q[0] + stiffness;
  m[4] = q[3] + stiffness;
  m[8] = q[5] + stiffness;
  m[1] = m[3] = q[1];
  m[2] = m[6] = q[2];
  m[5] = m[7] = q[4];
  let i = 0;
  if (m[4] > m[4 * i]) i = 1;
  if (m[8] > m[4 * i]) i = 2;
  let j = (i + 1) % 3;
  let k = (i + 2) % 3;
  d[0] = d[1] = d[2] = 0;
  const pivot = m[4 * i];
  if (!(pivot > TINY)) return;
  const rest = (/** @type {number} */ n) => m[4 * n] - (m[3 * i + n] * m[3 * i + n]) / pivot;
  if (rest(j) < rest(k)) [j, k] = [k, j];
  const overJ = m[3 * i + j] / pivot;
  const overK = m[3 * i + k] / pivot;
  const jj = Math.max(m[4 * j] - overJ * m[3 * i + j], stiffness);
  const jk = m[3 * j + k] - overJ * m[3 * i + k];
  const kk = Math.max(m[4 * k] - overK * m[3 * i + k] - (jk * jk) / jj, stiffness);
  const atJ = overJ * q[6 + i] - q[6 + j];
  const atK = overK * q[6 + i] - q[6 + k];
  d[k] = (atK - (jk / jj) * atJ) / kk;
  d[j] = (atJ - jk * d[k]) / jj;
  d[i] = -q[6 + i] / pivot - overJ * d[j] - overK * d[k];
}
