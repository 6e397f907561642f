/** What the HTTP listener has answered, and how long that took. */
import { Histogram, type HistogramReading } from './histogram.ts';

interface Route {
  readonly statuses: Map<number, number>;
  readonly taken: Histogram;
}

/** How often each status was answered, of one route. */
export interface RouteCounts {
  readonly route: string;
  readonly statuses: ReadonlyMap<number, number>;
  readonly taken: HistogramReading;
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
    if (counts === undefined)
      this.#routes.set(route, (counts = { statuses: new Map(), taken: new Histogram() }));
    counts.statuses.set(status, (counts.statuses.get(status) ?? 0) + 1);
    counts.taken.observe(seconds);
  }

  get routes(): RouteCounts[] {
    return [...this.#routes].map(([route, { statuses, taken }]) => ({
      route,
      statuses,
      taken: taken.reading,
    }));
  }
}
