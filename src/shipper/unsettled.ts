/** Who waits for which batch to settle. */
export class Unsettled {
  readonly #waiting: { readonly sequence: number; readonly onSettled: () => void }[] = [];

  /** To be called in the order of the numbers. */
  add(sequence: number, onSettled: (() => void) | undefined): void {
    if (onSettled !== undefined) this.#waiting.push({ sequence, onSettled });
  }

  /** Everything up to this number has settled: whoever waited for it is told. */
  settledUpTo(sequence: number): void {
    for (let first = this.#waiting[0]; first !== undefined && first.sequence <= sequence;) {
      this.#waiting.shift();
      first.onSettled();
      first = this.#waiting[0];
    }
  }
}
