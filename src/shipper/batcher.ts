import type { SourcePositions } from '../entry.ts';
import { release } from '../base/release.ts';
import { Signal } from '../base/signal.ts';
import { MAX_POSITIONS_BYTES } from '../wire/batch.ts';
import type { Chunk } from './source.ts';

/** A position in JSON without its name: a hash and three numbers. */
const POSITION_BYTES = 192;

export interface BatcherOptions {
  /** Entries that make a batch due. */
  readonly size: number;
  /** A batch is due this long after its first entry. */
  readonly intervalMs: number;
  /** Bytes that make a batch full; only an entry longer than that makes a longer batch. */
  readonly maxBytes: number;
}

/** Entries that travel together, not yet numbered. */
export interface RawBatch {
  readonly raw: Buffer;
  readonly count: number;
  readonly positions: SourcePositions;
  /** True where nothing else uses the memory of `raw`. */
  readonly isOwned: boolean;
}

/**
 * Gathers entries into batches. A batch goes when it is due (by count or time) and the line is free, or when it is full.
 * So batches are small while the line is idle and grow by themselves while it is busy, with nothing to tune; what is
 * gathered is bounded by one full batch and one chunk, and past that `add` waits.
 */
export class Batcher {
  readonly #options: BatcherOptions;
  readonly #isLineBusy: () => boolean;
  readonly #changed = new Signal();
  readonly #hasRoom = new Signal();
  #chunks: Chunk[] = [];
  #bytes = 0;
  #count = 0;
  #isOverdue = false;
  #isEnded = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BatcherOptions, isLineBusy: () => boolean) {
    this.#options = options;
    this.#isLineBusy = isLineBusy;
  }

  /** Settles when the chunk is taken and there is room for another. */
  async add(chunk: Chunk): Promise<void> {
    if (this.#chunks.length === 0) this.#startClock();
    this.#chunks.push(chunk);
    this.#bytes += chunk.lines.bytes.length;
    this.#count += chunk.lines.count;
    this.#changed.notify();
    while (this.#bytes >= this.#options.maxBytes && !this.#isEnded) await this.#hasRoom.wait();
  }

  /** No more will be added: what is left goes at once. */
  end(): void {
    this.#isEnded = true;
    this.#changed.notify();
    this.#hasRoom.notify();
  }

  /** Tells that what was on its way has arrived. */
  lineFreed(): void {
    this.#changed.notify();
  }

  /** Yields batches as they become ready and are asked for, until the end. To be iterated once. */
  async *batches(): AsyncGenerator<RawBatch, void, undefined> {
    for (;;) {
      if (this.#isReady()) yield this.#take();
      else if (this.#isEnded && this.#chunks.length === 0) return;
      else await this.#changed.wait();
    }
  }

  #isReady(): boolean {
    if (this.#chunks.length === 0) return false;
    if (this.#isEnded || this.#bytes >= this.#options.maxBytes) return true;
    const isDue = this.#count >= this.#options.size || this.#isOverdue;
    return isDue && !this.#isLineBusy();
  }

  /** The chunks that fit a batch, at least one. */
  #take(): RawBatch {
    let bytes = 0;
    let positionsBytes = 0;
    let taken = 0;
    for (const { lines, positions } of this.#chunks) {
      positionsBytes += sizeOf(positions);
      const isOver =
        bytes + lines.bytes.length > this.#options.maxBytes || positionsBytes > MAX_POSITIONS_BYTES;
      if (taken > 0 && isOver) break;
      bytes += lines.bytes.length;
      taken += 1;
    }
    const batch = merge(this.#chunks.splice(0, taken));
    this.#bytes -= bytes;
    this.#count -= batch.count;
    clearTimeout(this.#timer);
    this.#isOverdue = false;
    if (this.#chunks.length > 0) this.#startClock();
    this.#hasRoom.notify();
    return batch;
  }

  #startClock(): void {
    this.#timer = setTimeout(() => {
      this.#isOverdue = true;
      this.#changed.notify();
    }, this.#options.intervalMs);
  }
}

/** At most what the positions take in JSON: a name may be escaped, six bytes a character. */
function sizeOf(positions: SourcePositions): number {
  return Object.keys(positions).reduce((sum, name) => sum + name.length * 6 + POSITION_BYTES, 0);
}

function merge(chunks: readonly Chunk[]): RawBatch {
  const [only] = chunks;
  if (only !== undefined && chunks.length === 1) {
    const { lines, positions, isOwned = false } = only;
    return { raw: lines.bytes, count: lines.count, positions, isOwned };
  }
  const raw = Buffer.concat(chunks.map(({ lines }) => lines.bytes));
  for (const { lines, isOwned = false } of chunks) if (isOwned) release(lines.bytes);
  return {
    raw,
    count: chunks.reduce((sum, { lines }) => sum + lines.count, 0),
    positions: Object.assign({}, ...chunks.map(({ positions }) => positions)) as SourcePositions,
    isOwned: true,
  };
}
