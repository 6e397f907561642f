import type { BlockHeader } from '../archive/block.ts';

/** The numbers of one epoch so far. */
interface NumberLine {
  readonly first: number;
  last: number;
  /** A segment behind it was deleted before it was read: its numbers may be those that are missing. */
  mayHaveHole: boolean;
}

/** Follows one shipper's blocks through an archive: in each epoch sequences must rise by one, whatever else lies between. */
export class ShipperAudit {
  readonly #id: string;
  readonly #lines = new Map<number, NumberLine>();
  #entries = 0;
  #lostEntries = 0;
  /** Batches declared lost by gaps that don't know how many entries were in them. */
  #uncountedBatches = 0;

  constructor(id: string) {
    this.#id = id;
  }

  /** Takes the next block; a description of what is wrong with its number, if anything. */
  follow({ epoch, sequence, count, gap }: BlockHeader): string | undefined {
    const from = gap?.from ?? sequence;
    this.#entries += count;
    this.#lostEntries += gap?.entries ?? 0;
    if (gap?.entries === 0) this.#uncountedBatches += sequence - from + 1;
    const line = this.#lines.get(epoch);
    if (line === undefined) {
      this.#lines.set(epoch, { first: from, last: sequence, mayHaveHole: false });
      return undefined;
    }
    const expected = line.last + 1;
    line.last = Math.max(line.last, sequence);
    const isExcused = line.mayHaveHole && from > expected;
    line.mayHaveHole = false;
    if (from === expected || isExcused) return undefined;
    return from < expected
      ? `${this.#id} repeats sequence ${from} (${expected} was next)`
      : `${this.#id} misses sequences ${expected} to ${from - 1}`;
  }

  /** A segment is not there any more: each epoch may go on behind the numbers it held. */
  excuseHole(): void {
    for (const line of this.#lines.values()) line.mayHaveHole = true;
  }

  summary(): string {
    const ranges = [...this.#lines.values()].map(({ first, last }) => `${first} to ${last}`);
    const shown = ranges.length > 4 ? [...ranges.slice(0, 4), `… (${ranges.length} epochs)`] : ranges;
    const lost = this.#lostEntries > 0 ? `, ${this.#lostEntries} entries declared lost` : '';
    const uncounted =
      this.#uncountedBatches > 0
        ? `, ${this.#uncountedBatches} batches declared lost without a count of entries`
        : '';
    return `${this.#id}: sequences ${shown.join(' and ')}, ${this.#entries} entries${lost}${uncounted}`;
  }
}
