/** A number of bytes that many share. Whoever wants more than is left waits its turn, first come first served. */
export class ByteBudget {
  readonly #total: number;
  #used = 0;
  #queue: { bytes: number; enter: () => void }[] = [];

  constructor(total: number) {
    this.#total = total;
  }

  get used(): number {
    return this.#used;
  }

  /** Runs `work` while holding `bytes` of the budget; a wish for more than the whole is held to the whole. */
  async hold<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    const share = Math.min(bytes, this.#total);
    await this.#take(share);
    try {
      return await work();
    } finally {
      this.#give(share);
    }
  }

  async #take(bytes: number): Promise<void> {
    if (this.#queue.length === 0 && this.#used + bytes <= this.#total) {
      this.#used += bytes;
      return;
    }
    await new Promise<void>((enter) => this.#queue.push({ bytes, enter }));
  }

  #give(bytes: number): void {
    this.#used -= bytes;
    let next = this.#queue[0];
    while (next !== undefined && this.#used + next.bytes <= this.#total) {
      this.#used += next.bytes;
      this.#queue.shift();
      next.enter();
      next = this.#queue[0];
    }
  }
}
