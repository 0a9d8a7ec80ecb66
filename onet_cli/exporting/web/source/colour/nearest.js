/** Nearest neighbours by a k-d tree. */
export class Tree {
  /** @param {ArrayLike<number>} points (N, 3) */
  constructor(points) {
    this.points = points;
    this.order = Uint32Array.from({ length: points.length / 3 }, (_, n) => n);
    this.sort(0, this.order.length, 0);
  }

  /**
   * @param {number} start
   * @param {number} stop
   * @param {number} axis
   */
  sort(start, stop, axis) {
    if (stop - start < 2) return;
    const { points } = this;
    this.order.subarray(start, stop).sort((a, b) => points[3 * a + axis] - points[3 * b + axis]);
    const middle = (start + stop) >> 1;
    this.sort(start, middle, (axis + 1) % 3);
    this.sort(middle + 1, stop, (axis + 1) % 3);
  }

  /**
   * The `count` nearest points, nearest first, and their distances.
   *
   * @param {ArrayLike<number>} query (3,)
   * @param {number} count
   * @returns {{found: number[], distances: number[]}}
   */
  nearest(query, count) {
    /** @type {[number, number][]} */
    const best = [];
    this.visit(0, this.order.length, 0, query, count, best);
    return { found: best.map(([, n]) => n), distances: best.map(([d]) => Math.sqrt(d)) };
  }

  /**
   * @param {number} start
   * @param {number} stop
   * @param {number} axis
   * @param {ArrayLike<number>} query
   * @param {number} count
   * @param {[number, number][]} best Squared distances and points, sorted.
   */
  visit(start, stop, axis, query, count, best) {
    if (start >= stop) return;
    const middle = (start + stop) >> 1;
    const point = this.order[middle];
    let square = 0;
    for (let c = 0; c < 3; c++) square += (query[c] - this.points[3 * point + c]) ** 2;
    if (best.length < count || square < best[best.length - 1][0]) {
      let place = best.length;
      while (place > 0 && best[place - 1][0] > square) place--;
      best.splice(place, 0, [square, point]);
      if (best.length > count) best.pop();
    }
    const away = query[axis] - this.points[3 * point + axis];
    const next = (axis + 1) % 3;
    const halves = [
      [start, middle],
      [middle + 1, stop],
    ];
    const [first, second] = away < 0 ? halves : halves.reverse();
    this.visit(first[0], first[1], next, query, count, best);
    if (best.length < count || away * away < best[best.length - 1][0])
      this.visit(second[0], second[1], next, query, count, best);
  }
}
