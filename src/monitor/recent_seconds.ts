/** What happened in each second of the last hour, of figures that only grow: a ring of fixed size. */

export const RECENT_SECONDS = 3600;

/** Figures a second, the oldest first; the last is the second that ended at `untilMs`. */
export interface History<Name extends string> {
  /** Milliseconds since 1970. */
  readonly untilMs: number;
  readonly perSecond: Readonly<Record<Name, readonly number[]>>;
}

export class RecentSeconds<Name extends string> {
  readonly #names: readonly Name[];
  readonly #rings: Readonly<Record<Name, Float64Array>>;
  #totals: Readonly<Record<Name, number>>;
  /** Seconds written so far. */
  #written = 0;
  #atMs: number;

  /** `totals` are the figures as of `nowMs`. */
  constructor(totals: Readonly<Record<Name, number>>, nowMs: number) {
    this.#names = Object.keys(totals) as Name[];
    this.#rings = Object.fromEntries(
      this.#names.map((name) => [name, new Float64Array(RECENT_SECONDS)]),
    ) as Record<Name, Float64Array>;
    this.#totals = totals;
    this.#atMs = nowMs;
  }

  /** To be called about once a second: where it comes late, what was missed is shared out among the seconds since. */
  tick(totals: Readonly<Record<Name, number>>, nowMs: number): void {
    const passed = (nowMs - this.#atMs) / 1000;
    const seconds = Math.min(RECENT_SECONDS, Math.max(1, Math.round(passed)));
    const over = passed > 0 ? Math.max(passed, 0.1) : 1;
    for (let second = 0; second < seconds; second += 1) {
      for (const name of this.#names)
        this.#rings[name][this.#written % RECENT_SECONDS] = (totals[name] - this.#totals[name]) / over;
      this.#written += 1;
    }
    this.#totals = totals;
    this.#atMs = nowMs;
  }

  /** The last so many seconds, fewer where fewer are known. */
  last(seconds: number): History<Name> {
    const count = Math.min(Math.max(0, Math.floor(seconds)), this.#written, RECENT_SECONDS);
    const perSecond = Object.fromEntries(
      this.#names.map((name) => [
        name,
        Array.from({ length: count }, (_, n) => this.#at(name, this.#written - count + n)),
      ]),
    ) as Record<Name, number[]>;
    return { untilMs: this.#atMs, perSecond };
  }

  /** The mean of a figure over the last so many seconds. */
  mean(name: Name, seconds: number): number {
    const values = this.last(seconds).perSecond[name];
    return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
  }

  #at(name: Name, second: number): number {
    return Math.round((this.#rings[name][second % RECENT_SECONDS] ?? 0) * 10) / 10;
  }
}
