/** Something that is open and may be closed for others to be opened. */
export interface Closable {
  /** True where what is open can't be opened again: it has no name any more. */
  readonly isLastHold: boolean;
  close(): Promise<void>;
}

/** Bounds how many are open at a time: the one used least recently is closed for the next. */
export class OpenFiles {
  readonly #max: number;
  /** In the order of their last use. */
  readonly #open = new Set<Closable>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Notes that it is open, and used now. */
  used(file: Closable): void {
    this.#open.delete(file);
    this.#open.add(file);
  }

  closed(file: Closable): void {
    this.#open.delete(file);
  }

  /** Makes room for one more; false where all that is open would be lost by closing it. */
  async makeRoom(): Promise<boolean> {
    if (this.#open.size < this.#max) return true;
    for (const file of this.#open) {
      if (file.isLastHold) continue;
      await file.close();
      return true;
    }
    return false;
  }
}
