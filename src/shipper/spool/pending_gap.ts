import type { Encoded } from '../encode.ts';
import { gapBatch } from './spool_file.ts';

/** What was dropped since the last batch that was written. */
export class PendingGap {
  #gap: { from: number; to: number; entries: number } | undefined;

  /** The answer is true for the first of a gap. */
  add({ sequence, count }: Encoded): boolean {
    const { from, entries } = this.#gap ?? { from: sequence, entries: 0 };
    const isFirst = this.#gap === undefined;
    this.#gap = { from, to: sequence, entries: entries + count };
    return isFirst;
  }

  /** The first number of the gap, and the gap as a batch to send; undefined where nothing was dropped. */
  get(): { from: number; batch: Encoded } | undefined {
    if (this.#gap === undefined) return undefined;
    return { from: this.#gap.from, batch: gapBatch({ ...this.#gap, reason: 'the spool was full' }) };
  }

  clear(): void {
    this.#gap = undefined;
  }
}
