/**
 * The photo's camera in the frame of the upright mesh; `reconstruction/viewpoint.py`.
 *
 * @typedef {import("../mesh/standing.js").Standing} Standing
 */

const LEAST_KAPPA = 1e-3;

/** A pinhole camera of the prepared picture. */
export class PhotoCamera {
  /**
   * @param {{elevation: number, kappa: number}} camera
   * @param {Standing} standing
   * @param {number} size Edge of the picture in pixels.
   */
  constructor({ elevation, kappa }, { centre, edge }, size) {
    const [cosine, sine] = [Math.cos(elevation), Math.sin(elevation)];
    this.axes = [
      [1, 0, 0],
      [0, -cosine, sine],
      [0, -sine, -cosine],
    ];
    const away = 1 / Math.max(kappa, LEAST_KAPPA);
    this.move = this.axes.map(
      (axis, n) => (axis.reduce((a, each, c) => a + each * centre[c], 0) + (n === 2 ? away : 0)) / edge,
    );
    this.focal = (away * size) / 2;
    this.middle = size / 2;
    /** The camera's place in the frame of the mesh. */
    this.place = [0, 1, 2].map((c) => -this.axes.reduce((a, axis, n) => a + axis[c] * this.move[n], 0));
  }

  /**
   * Pixel x, pixel y and depth (V, 3) of points.
   *
   * @param {Float64Array} points (V, 3)
   * @returns {Float64Array}
   */
  project(points) {
    const found = new Float64Array(points.length);
    for (let k = 0; k < points.length; k += 3) {
      const [x, y, depth] = this.axes.map(
        (axis, n) =>
          axis[0] * points[k] + axis[1] * points[k + 1] + axis[2] * points[k + 2] + this.move[n],
      );
      found[k] = (this.focal * x) / depth + this.middle;
      found[k + 1] = (this.focal * y) / depth + this.middle;
      found[k + 2] = depth;
    }
    return found;
  }
}
