/** Counts by name, of a bounded number of names: names are whatever a peer likes. */

/** Stands for all names that found no room. */
export const OTHER = '(other)';

export class Tally {
  readonly #counts = new Map<string, number>();
  readonly #maxNames: number;

  constructor(maxNames: number) {
    this.#maxNames = maxNames;
  }

  add(name: string, count = 1): void {
    const known = this.#counts.get(name);
    const key = known !== undefined || this.#counts.size < this.#maxNames ? name : OTHER;
    this.#counts.set(key, (known ?? this.#counts.get(key) ?? 0) + count);
  }

  /** The most frequent first, up to so many. */
  top(names: number): (readonly [name: string, count: number])[] {
    return [...this.#counts].sort(([, a], [, b]) => b - a).slice(0, names);
  }
}
