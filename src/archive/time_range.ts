/** The times of a block's entries, from the earliest to the latest, gathered line by line while the block is checked. */
import type { TimeRange } from './block.ts';
import { EntryTimes } from './entry_times.ts';

const NEWLINE = 0x0a;

/** Lines whose time has to be looked for cost more than they are worth: past these bytes the range stays unknown. */
const MOST_LOOKED_BYTES = 16 * 1024;

/** The times of whole lines of NDJSON. */
export function timeRangeOf(raw: Buffer): TimeRange | undefined {
  const finder = new TimeRangeFinder();
  for (let start = 0; start < raw.length;) {
    const newline = raw.indexOf(NEWLINE, start);
    const end = newline === -1 ? raw.length : newline;
    finder.add(raw, start, end);
    start = end + 1;
  }
  return finder.range;
}

export class TimeRangeFinder {
  readonly #times = new EntryTimes();
  readonly #time = new Float64Array(1);
  /** The earliest and the latest so far. */
  readonly #range = Float64Array.of(Infinity, -Infinity);
  #isKnown = true;

  /** Takes the line [start, end) into account. */
  add(bytes: Buffer, start: number, end: number): void {
    if (!this.#isKnown) return;
    this.#isKnown =
      this.#times.read(bytes, start, end, this.#time) && this.#times.lookedBytes <= MOST_LOOKED_BYTES;
    const time = this.#time[0] ?? NaN;
    if (time < (this.#range[0] ?? NaN)) this.#range[0] = time;
    if (time > (this.#range[1] ?? NaN)) this.#range[1] = time;
  }

  /** Undefined where a line says no time, or takes too long to say it, and where there was none. */
  get range(): TimeRange | undefined {
    const [firstMs = NaN, lastMs = NaN] = this.#range;
    return this.#isKnown && firstMs <= lastMs ? { firstMs, lastMs } : undefined;
  }
}
