/** A heap of edges, the one of the least key first; of equal keys the one of the lower number. */

const CHILDREN = 4;

export class EdgeQueue {
  /** @param {number} most */
  constructor(most) {
    this.keys = new Float32Array(most);
    this.edges = new Int32Array(most);
    this.count = 0;
  }

  clear() {
    this.count = 0;
  }

  /**
   * Add an edge before `order` is called.
   *
   * @param {number} key
   * @param {number} edge
   */
  append(key, edge) {
    this.keys[this.count] = key;
    this.edges[this.count++] = edge;
  }

  order() {
    for (let n = Math.min(Math.floor(this.count / CHILDREN), this.count - 1); n >= 0; n--)
      this.sink(n, this.keys[n], this.edges[n]);
  }

  drop() {
    this.count--;
    if (this.count > 0) this.sink(0, this.keys[this.count], this.edges[this.count]);
  }

  /**
   * Write an edge at `place` or below.
   *
   * @param {number} place
   * @param {number} key
   * @param {number} edge
   */
  sink(place, key, edge) {
    const { keys, edges, count } = this;
    for (;;) {
      let best = CHILDREN * place + 1;
      if (best >= count) break;
      const last = Math.min(best + CHILDREN, count);
      for (let child = best + 1; child < last; child++)
        if (keys[child] < keys[best] || (keys[child] === keys[best] && edges[child] < edges[best]))
          best = child;
      if (!(keys[best] < key || (keys[best] === key && edges[best] < edge))) break;
      keys[place] = keys[best];
      edges[place] = edges[best];
      place = best;
    }
    keys[place] = key;
    edges[place] = edge;
  }
}
