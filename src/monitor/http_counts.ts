/** What the HTTP listener has answered, and how long that took. */

/** Upper bounds in seconds. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

interface Route {
  readonly statuses: Map<number, number>;
  /** Answers by the first bound they kept to; behind the last one those that kept to none. */
  readonly within: number[];
  seconds: number;
}

/** How often each status was answered, of one route. */
export interface RouteCounts {
  readonly route: string;
  readonly statuses: ReadonlyMap<number, number>;
  readonly buckets: readonly { readonly bound: number; readonly answers: number }[];
  readonly answers: number;
  readonly seconds: number;
}

export class HttpCounts {
  readonly #routes = new Map<string, Route>();
  /** Requests that are not answered yet. */
  open = 0;
  /** Events that got a 200. */
  events = 0;

  /** Counts an answer. `route` is of a closed set. */
  answered(route: string, status: number, seconds: number): void {
    let counts = this.#routes.get(route);
    if (counts === undefined) {
      counts = { statuses: new Map(), within: Array<number>(BOUNDS.length + 1).fill(0), seconds: 0 };
      this.#routes.set(route, counts);
    }
    counts.statuses.set(status, (counts.statuses.get(status) ?? 0) + 1);
    const found = BOUNDS.findIndex((bound) => seconds <= bound);
    const bucket = found === -1 ? BOUNDS.length : found;
    counts.within[bucket] = (counts.within[bucket] ?? 0) + 1;
    counts.seconds += seconds;
  }

  get routes(): RouteCounts[] {
    return [...this.#routes].map(([route, { statuses, within, seconds }]) => {
      let answers = 0;
      const buckets = BOUNDS.map((bound, n) => ({ bound, answers: (answers += within[n] ?? 0) }));
      return { route, statuses, buckets, answers: answers + (within[BOUNDS.length] ?? 0), seconds };
    });
  }
}
