import type { BlockHeader } from '../archive/block.ts';
import type { NumberRange } from './number_ranges.ts';

/** What became of numbers: they are in this archive (also as a declared loss), said to be in another one, or known to be missing. */
export type Fate = 'here' | 'elsewhere' | 'missing';

export interface FatedRange extends NumberRange {
  readonly fate: Fate;
  /** When the last of them was received. */
  readonly lastAtMs: number;
}

/** The numbers of one epoch so far. */
export interface NumberLine {
  readonly first: number;
  readonly last: number;
  /** From the first to the last, in their order. They take memory by gaps, not by numbers. */
  readonly ranges: readonly FatedRange[];
  /** The last that was known when `setMark` was called. */
  readonly mark: number | undefined;
}

/** Follows one shipper's blocks through an archive: in each epoch sequences must rise by one, whatever else lies between. */
export class ShipperAudit {
  readonly #id: string;
  readonly #lines = new Map<number, OpenLine>();
  #entries = 0;
  #lostEntries = 0;
  /** Batches declared lost by gaps that don't know how many entries were in them. */
  #uncountedBatches = 0;
  #batchesElsewhere = 0;

  constructor(id: string) {
    this.#id = id;
  }

  /** By epoch, in the order they began. */
  get lines(): ReadonlyMap<number, NumberLine> {
    return this.#lines;
  }

  /** Takes the next block; a description of what is wrong with its number, if anything. */
  follow(header: BlockHeader): string | undefined {
    const { epoch, sequence, gap, receivedAtMs } = header;
    const from = gap?.from ?? sequence;
    this.#count(header, sequence - from + 1);
    const fate = gap?.elsewhere === true ? 'elsewhere' : 'here';
    const range = { from, to: sequence, fate, lastAtMs: receivedAtMs } as const;
    const line = this.#lines.get(epoch);
    if (line === undefined) {
      this.#lines.set(epoch, new OpenLine(range));
      return undefined;
    }
    const expected = line.last + 1;
    const isExcused = line.mayHaveHole && from > expected;
    line.mayHaveHole = false;
    line.add(range);
    if (from === expected || isExcused) return undefined;
    return from < expected
      ? `${this.#id} repeats sequence ${from} (${expected} was next)`
      : `${this.#id} misses sequences ${expected} to ${from - 1}`;
  }

  /** A segment is not there any more: each epoch may go on behind the numbers it held. */
  excuseHole(): void {
    for (const line of this.#lines.values()) line.mayHaveHole = true;
  }

  /** Remembers of each epoch the last number known by now. */
  setMark(): void {
    for (const line of this.#lines.values()) line.mark = line.last;
  }

  summary(): string {
    const ranges = [...this.#lines.values()].map(({ first, last }) => `${first} to ${last}`);
    const shown = ranges.length > 4 ? [...ranges.slice(0, 4), `… (${ranges.length} epochs)`] : ranges;
    const elsewhere =
      this.#batchesElsewhere > 0 ? `, ${this.#batchesElsewhere} batches in other archives` : '';
    const lost = this.#lostEntries > 0 ? `, ${this.#lostEntries} entries declared lost` : '';
    const uncounted =
      this.#uncountedBatches > 0
        ? `, ${this.#uncountedBatches} batches declared lost without a count of entries`
        : '';
    return `${this.#id}: sequences ${shown.join(' and ')}, ${this.#entries} entries${elsewhere}${lost}${uncounted}`;
  }

  #count({ count, gap }: BlockHeader, batches: number): void {
    this.#entries += count;
    this.#lostEntries += gap?.entries ?? 0;
    if (gap?.elsewhere === true) this.#batchesElsewhere += batches;
    else if (gap?.entries === 0) this.#uncountedBatches += batches;
  }
}

class OpenLine implements NumberLine {
  readonly first: number;
  last: number;
  readonly ranges: FatedRange[];
  mark: number | undefined;
  /** A segment behind it was deleted before it was read: its numbers may be those that are missing. */
  mayHaveHole = false;

  constructor(range: FatedRange) {
    this.first = range.from;
    this.last = range.to;
    this.ranges = [range];
  }

  /** Takes numbers as far as they are new; those that were skipped are missing. */
  add(range: FatedRange): void {
    if (range.to <= this.last) return;
    const next = this.last + 1;
    if (range.from > next) this.ranges.push({ ...range, from: next, to: range.from - 1, fate: 'missing' });
    const before = this.ranges.at(-1);
    const isMore = before?.fate === range.fate;
    if (isMore) this.ranges.pop();
    this.ranges.push({ ...range, from: isMore ? before.from : Math.max(range.from, next) });
    this.last = range.to;
  }
}
