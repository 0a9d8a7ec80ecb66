/**
 * A typed array that grows.
 *
 * @template {Float64Array | Uint32Array} T
 */
export class Growing {
  /** @param {new (length: number) => T} kind */
  constructor(kind) {
    this.kind = kind;
    this.data = new kind(3 * 4096);
    this.length = 0;
  }

  /**
   * @param {number} a
   * @param {number} b
   * @param {number} c
   */
  push(a, b, c) {
    if (this.length + 3 > this.data.length) {
      const larger = new this.kind(2 * this.data.length);
      larger.set(this.data);
      this.data = larger;
    }
    this.data[this.length++] = a;
    this.data[this.length++] = b;
    this.data[this.length++] = c;
  }

  /** @returns {T} */
  done() {
    return /** @type {T} */ (this.data.slice(0, this.length));
  }
}
