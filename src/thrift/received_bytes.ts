const NOTHING = Buffer.alloc(0);

/** Bytes as they come off a socket, until they are read. What is read is not copied, as long as it came whole. */
export class ReceivedBytes {
  #bytes: Buffer = NOTHING;
  #start = 0;
  #end = 0;

  /** How many are there that were not taken. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Those that are there. They hold until the next `push`. */
  get view(): Buffer {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  /** Memory grows with what came, never with what was announced; doubling, so that many small pieces are not copied often. */
  push(chunk: Buffer): void {
    const { length } = this;
    if (length === 0) {
      this.#bytes = chunk;
      this.#start = 0;
      this.#end = chunk.length;
      return;
    }
    if (this.#end + chunk.length > this.#bytes.length) this.#grow(length, chunk.length);
    chunk.copy(this.#bytes, this.#end);
    this.#end += chunk.length;
  }

  /** Steps over this many, which must be there. Of a connection on which all was read no memory is kept. */
  take(count: number): void {
    this.#start += count;
    if (this.#start < this.#end) return;
    this.#bytes = NOTHING;
    this.#start = this.#end = 0;
  }

  #grow(length: number, more: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(length + more, 2 * length));
    this.#bytes.copy(larger, 0, this.#start, this.#end);
    this.#bytes = larger;
    this.#start = 0;
    this.#end = length;
  }
}
