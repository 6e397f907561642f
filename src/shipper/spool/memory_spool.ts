/**
 * A queue in memory between a source that can't be read again and the receiver, as spool.ts is one on disk: batches are
 * held compressed until they are acknowledged, up to a bound, and what is dropped there is declared as a GAP. It may be
 * handed to one shipper after the other; each numbers in an epoch of its own.
 */
import { giveBack } from '../../base/large_buffers.ts';
import type { Logger } from '../../base/logger.ts';
import { Signal } from '../../base/signal.ts';
import type { Encoded } from '../encode.ts';
import type { BatchQueue } from './batch_queue.ts';
import { gapBatch } from './spool_file.ts';

export interface MemorySpoolOptions {
  /** Of batches as they go over the wire. */
  readonly maxBytes: number;
  /** What is lost of batches that do not fit: the oldest that are not on their way, or the new one. */
  readonly full: 'drop_oldest' | 'drop_newest';
  readonly log: Logger;
  readonly now: () => number;
  /** Called whenever something was acknowledged. */
  readonly onAcknowledged?: () => void;
}

interface Held {
  readonly epoch: number;
  readonly batch: Encoded;
  /** Entries that it declares lost. */
  readonly lost: number;
}

export class MemorySpool implements BatchQueue {
  readonly #options: MemorySpoolOptions;
  readonly #changed = new Signal();
  #held: Held[] = [];
  /** How many of them, from the first, were given out for delivery. */
  #given = 0;
  #bytes = 0;
  #isEnded = false;
  #isClosed = false;
  #wasToldFull = false;
  epoch = 0;
  droppedEntries = 0;
  /** The same of all shippers it was handed to. */
  droppedInAll = 0;
  leftEntries = 0;

  constructor(options: MemorySpoolOptions) {
    this.#options = options;
  }

  /** Bytes of batches held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** To be called before it is handed to a shipper: what an earlier one left is given out first. */
  begin(): void {
    this.epoch = Math.max(this.#options.now(), this.epoch + 1);
    this.#given = 0;
    this.#isEnded = this.#isClosed = false;
    this.droppedEntries = 0;
    this.leftEntries = this.#held.reduce((sum, { batch }) => sum + batch.count, 0);
  }

  append(batch: Encoded): Promise<void> {
    const { maxBytes, full } = this.#options;
    while (this.#bytes + sizeOf(batch) > maxBytes && full === 'drop_oldest' && this.#dropOldest());
    const isFull = this.#bytes + sizeOf(batch) > maxBytes;
    if (isFull && batch.count > 0) this.#dropNewest(batch);
    else this.#push({ epoch: this.epoch, batch, lost: 0 });
    this.#changed.notify();
    return Promise.resolve();
  }

  end(): Promise<void> {
    this.#isEnded = true;
    this.#changed.notify();
    return Promise.resolve();
  }

  epochs(): number[] {
    return [...new Set([...this.#held.map(({ epoch }) => epoch), this.epoch])];
  }

  async *read(epoch: number): AsyncGenerator<Encoded, void, undefined> {
    for (;;) {
      const next = this.#held[this.#given];
      if (next?.epoch === epoch) {
        this.#given += 1;
        // Its memory is given back here: what is not acknowledged is given out again, and its bytes are counted.
        yield { ...next.batch, isOwned: false };
      } else if (next !== undefined || epoch !== this.epoch || this.#isEnded || this.#isClosed) return;
      else await this.#changed.wait();
    }
  }

  acknowledged(epoch: number, sequence: number): void {
    for (let first = this.#held[0]; first !== undefined && this.#given > 0; first = this.#held[0]) {
      if (first.epoch !== epoch || first.batch.sequence > sequence) break;
      this.#held.shift();
      this.#given -= 1;
      this.#bytes -= sizeOf(first.batch);
      if (first.batch.isOwned === true) giveBack(first.batch.body);
    }
    if (this.#bytes < this.#options.maxBytes / 2) this.#wasToldFull = false;
    this.#options.onAcknowledged?.();
    this.#changed.notify();
  }

  /** Settles when what earlier shippers left is acknowledged. */
  async delivered(): Promise<void> {
    while (this.#held[0] !== undefined && this.#held[0].epoch !== this.epoch) await this.#changed.wait();
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#changed.notify();
    return Promise.resolve();
  }

  #push(held: Held): void {
    this.#held.push(held);
    this.#bytes += sizeOf(held.batch);
  }

  /** Puts a GAP in the place of the oldest batch that is not on its way; false where there is none. */
  #dropOldest(): boolean {
    const index = this.#held.findIndex(({ batch }, at) => at >= this.#given && batch.count > 0);
    const oldest = this.#held[index];
    if (oldest === undefined) return false;
    this.#count(oldest.batch);
    const before = index > this.#given ? this.#held[index - 1] : undefined;
    const gap = gapAfter(before, oldest);
    const isOne = isGapOf(before, oldest.epoch);
    this.#held.splice(isOne ? index - 1 : index, isOne ? 2 : 1, gap);
    this.#bytes += sizeOf(gap.batch) - sizeOf(oldest.batch) - (isOne ? sizeOf(before.batch) : 0);
    return true;
  }

  #dropNewest(batch: Encoded): void {
    this.#count(batch);
    const dropped = { epoch: this.epoch, batch, lost: 0 };
    const before = this.#held.length > this.#given ? this.#held.at(-1) : undefined;
    const gap = gapAfter(before, dropped);
    if (isGapOf(before, this.epoch)) this.#bytes -= sizeOf((this.#held.pop() as Held).batch);
    this.#push(gap);
  }

  #count({ count }: Encoded): void {
    const { full, log } = this.#options;
    this.droppedEntries += count;
    this.droppedInAll += count;
    if (!this.#wasToldFull)
      log.error({ full }, 'the memory for batches is full (QUEUE_MAX_BYTES): they are dropped');
    this.#wasToldFull = true;
  }
}

const sizeOf = ({ head, body }: Encoded): number => head.length + body.length;

const isGapOf = (held: Held | undefined, epoch: number): held is Held =>
  held !== undefined && held.lost > 0 && held.epoch === epoch;

/** The GAP for a batch that is dropped; where one lies before it, the two become one. */
function gapAfter(before: Held | undefined, { epoch, batch }: Held): Held {
  const isOne = isGapOf(before, epoch);
  const from = isOne ? (before.batch.gapFrom ?? before.batch.sequence) : batch.sequence;
  const lost = batch.count + (isOne ? before.lost : 0);
  return {
    epoch,
    batch: gapBatch({ from, to: batch.sequence, entries: lost, reason: 'the memory for it was full' }),
    lost,
  };
}
