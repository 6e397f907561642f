/** What the Thrift listener has answered, and how long that took. */
import { Histogram, type HistogramReading } from './histogram.ts';

interface Method {
  readonly outcomes: Map<string, number>;
  readonly taken: Histogram;
}

/** How often a method was answered, by outcome. */
export interface MethodCounts {
  readonly method: string;
  /** `ok`, or the code of an error. */
  readonly outcomes: ReadonlyMap<string, number>;
  readonly taken: HistogramReading;
}

export class ThriftCounts {
  readonly #methods = new Map<string, Method>();
  /** Calls that are not answered yet. */
  open = 0;
  /** Entries that were answered as stored. */
  entries = 0;

  /** Counts an answer. `method` and `outcome` are of closed sets. */
  answered(method: string, outcome: string, seconds: number): void {
    let counts = this.#methods.get(method);
    if (counts === undefined)
      this.#methods.set(method, (counts = { outcomes: new Map(), taken: new Histogram() }));
    counts.outcomes.set(outcome, (counts.outcomes.get(outcome) ?? 0) + 1);
    counts.taken.observe(seconds);
  }

  get methods(): MethodCounts[] {
    return [...this.#methods].map(([method, { outcomes, taken }]) => ({
      method,
      outcomes,
      taken: taken.reading,
    }));
  }
}
