/** A binary heap of points, the cheapest first; their costs may fall while they are in it. */
export class Heap {
  /** @param {Float64Array} cost Per point. */
  constructor(cost) {
    this.cost = cost;
    this.points = new Int32Array(cost.length);
    this.places = new Int32Array(cost.length).fill(-1);
    this.count = 0;
  }

  /**
   * Add a point, or move it up after its cost fell.
   *
   * @param {number} point
   */
  add(point) {
    const { cost, points, places } = this;
    let place = places[point] < 0 ? this.count++ : places[point];
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (cost[points[above]] <= cost[point]) break;
      points[place] = points[above];
      places[points[place]] = place;
      place = above;
    }
    points[place] = point;
    places[point] = place;
  }

  /** Remove the cheapest point and return it. */
  take() {
    const { cost, points, places } = this;
    const first = points[0];
    places[first] = -1;
    this.count--;
    if (this.count === 0) return first;
    const point = points[this.count];
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= this.count) break;
      if (below + 1 < this.count && cost[points[below + 1]] < cost[points[below]]) below++;
      if (cost[point] <= cost[points[below]]) break;
      points[place] = points[below];
      places[points[place]] = place;
      place = below;
    }
    points[place] = point;
    places[point] = place;
    return first;
  }
}
