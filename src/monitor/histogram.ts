/** How long something took, counted by how long: a Prometheus histogram. */

/** Upper bounds in seconds. */
export const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

export interface HistogramReading {
  /** How many kept to each bound, those that kept to a lower one counted in. */
  readonly buckets: readonly { readonly bound: number; readonly count: number }[];
  readonly count: number;
  readonly seconds: number;
}

export class Histogram {
  /** By the first bound they kept to; behind the last one those that kept to none. */
  readonly #within = new Float64Array(BOUNDS.length + 1);
  #seconds = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Counts one that took so long. A clock that went back counts as no time. */
  observe(seconds: number): void {
    const taken = Math.max(0, seconds);
    const found = BOUNDS.findIndex((bound) => taken <= bound);
    const bucket = found === -1 ? BOUNDS.length : found;
    this.#within[bucket] = (this.#within[bucket] ?? 0) + 1;
    this.#seconds += taken;
    this.#count += 1;
  }

  get reading(): HistogramReading {
    let count = 0;
    const buckets = BOUNDS.map((bound, n) => ({ bound, count: (count += this.#within[n] ?? 0) }));
    return { buckets, count: this.#count, seconds: this.#seconds };
  }

  /** The bound that this part of all kept to, in seconds; Infinity where it is past the last, 0 where there are none. */
  quantile(part: number): number {
    const { buckets, count } = this.reading;
    if (count === 0) return 0;
    return buckets.find((bucket) => bucket.count >= part * count)?.bound ?? Infinity;
  }
}
