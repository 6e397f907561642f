/** When entries are due: rates that follow one another. */

/** How the rate goes with time. */
export type Pattern =
  | { readonly kind: 'steady' }
  /** Like a day of people: 1.8 times the rate at 14:00 UTC, 0.2 times at 02:00; over a day the rate is kept. */
  | { readonly kind: 'daily' }
  /** The first burst begins after `everyMs`, the next so long after that began. */
  | { readonly kind: 'burst'; readonly everyMs: number; readonly forMs: number; readonly rate: number };

/** So many entries a second, until so many milliseconds from the start. */
interface Stretch {
  readonly rate: number;
  readonly untilMs: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const PEAK_MS = 14 * 60 * MINUTE_MS;
const SWING = 0.8;

/** The times at which entries are due, one after the other, in milliseconds from the start. */
export class Schedule {
  readonly #stretches: Iterator<Stretch, Stretch>;
  #stretch: Stretch;
  /** Where the stretch began, and how many entries (a fraction counts) were due until then. */
  #from = { ms: 0, entries: 0 };
  #taken = 0;
  #nextMs: number;

  /** `startMs`: the start in milliseconds since 1970, for the daily pattern. */
  constructor(pattern: Pattern, rate: number, startMs: number) {
    this.#stretches = stretchesOf(pattern, rate, startMs);
    this.#stretch = this.#stretches.next().value;
    this.#nextMs = this.#following();
  }

  /** When the next entry is due. */
  get nextMs(): number {
    return this.#nextMs;
  }

  /** Answers `nextMs` and goes on to the one behind. */
  take(): number {
    const ms = this.#nextMs;
    this.#taken += 1;
    this.#nextMs = this.#following();
    return ms;
  }

  #following(): number {
    for (;;) {
      const { rate, untilMs } = this.#stretch;
      const ms = this.#from.ms + ((this.#taken + 1 - this.#from.entries) * 1000) / rate;
      if (ms <= untilMs) return ms;
      const entries = this.#from.entries + ((untilMs - this.#from.ms) * rate) / 1000;
      this.#from = { ms: untilMs, entries };
      this.#stretch = this.#stretches.next().value;
    }
  }
}

function* stretchesOf(pattern: Pattern, rate: number, startMs: number): Generator<Stretch, Stretch> {
  if (pattern.kind === 'burst') {
    for (let start = pattern.everyMs; ; start += pattern.everyMs) {
      yield { rate, untilMs: start };
      yield { rate: pattern.rate, untilMs: start + pattern.forMs };
    }
  }
  if (pattern.kind === 'daily')
    for (let untilMs = MINUTE_MS; ; untilMs += MINUTE_MS)
      yield { rate: rate * dailyFactor(startMs + untilMs - MINUTE_MS / 2), untilMs };
  return { rate, untilMs: Infinity };
}

/** 1 on average over a day. */
function dailyFactor(ms: number): number {
  return 1 + SWING * Math.cos(((ms - PEAK_MS) / DAY_MS) * 2 * Math.PI);
}
