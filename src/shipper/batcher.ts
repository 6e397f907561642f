import type { SourcePositions } from '../entry.ts';
import { giveBack, lend } from '../base/large_buffers.ts';
import { Signal } from '../base/signal.ts';
import { MAX_POSITIONS_BYTES } from '../wire/batch.ts';
import type { Chunk, Lost, Packed } from './source.ts';

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
  /** In place of entries: those that will never come. */
  readonly lost?: Lost;
  /** Set where `raw` is compressed. */
  readonly packed?: Packed;
  /** To be called once the batch has settled. */
  readonly onSettled?: () => void;
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
  /** Chunks that are batches already: they and what is before them wait for nothing. */
  #packed = 0;
  #isOverdue = false;
  #isEnded = false;
  #waits = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BatcherOptions, isLineBusy: () => boolean) {
    this.#options = options;
    this.#isLineBusy = isLineBusy;
  }

  /** Settles when the chunk is taken and there is room for another. */
  async add(chunk: Chunk): Promise<void> {
    const isMoved = chunk.lines.count === 0 && chunk.lost === undefined && this.#moves(chunk);
    if (!isMoved) {
      if (this.#chunks.length === 0) this.#startClock();
      this.#chunks.push(chunk);
    }
    if (chunk.isUrgent === true && this.#chunks.length > 0) this.#isOverdue = true;
    this.#bytes += chunk.lines.bytes.length;
    this.#count += chunk.lines.count;
    if (chunk.packed !== undefined) this.#packed += 1;
    this.#changed.notify();
    while (this.#bytes >= this.#options.maxBytes && !this.#isEnded) {
      this.#waits += 1;
      await this.#hasRoom.wait();
    }
  }

  /** How often a source had to wait for room. */
  get waits(): number {
    return this.#waits;
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

  /**
   * True where these positions went to the chunk before, or there are none: a chunk of no entries has nothing else to say.
   * Alone it makes a batch of no entries when its time is up, so that a source where all is filtered out is not read twice.
   */
  #moves({ positions, onSettled }: Chunk): boolean {
    const names = Object.keys(positions);
    const last = this.#chunks.at(-1);
    if (names.length === 0) return true;
    if (last === undefined || !names.every((name) => Object.hasOwn(last.positions, name))) return false;
    this.#chunks[this.#chunks.length - 1] = {
      ...last,
      positions: { ...last.positions, ...positions },
      ...allSettled([last.onSettled, onSettled]),
    };
    return true;
  }

  #isReady(): boolean {
    if (this.#chunks.length === 0) return false;
    if (this.#isEnded || this.#packed > 0 || this.#bytes >= this.#options.maxBytes) return true;
    const isDue = this.#count >= this.#options.size || this.#isOverdue;
    return isDue && !this.#isLineBusy();
  }

  /** The chunks that fit a batch, at least one. */
  #take(): RawBatch {
    let bytes = 0;
    let positionsBytes = 0;
    const counted = new Map<string, number>();
    let taken = 0;
    for (const chunk of this.#chunks) {
      const { lines, positions } = chunk;
      if (taken > 0 && (isAlone(this.#chunks[0]) || isAlone(chunk))) break;
      positionsBytes += sizeOf(positions, counted);
      const isOver =
        bytes + lines.bytes.length > this.#options.maxBytes || positionsBytes > MAX_POSITIONS_BYTES;
      if (taken > 0 && isOver) break;
      bytes += lines.bytes.length;
      taken += 1;
    }
    const batch = merge(this.#chunks.splice(0, taken));
    this.#bytes -= bytes;
    this.#count -= batch.count;
    if (batch.packed !== undefined) this.#packed -= 1;
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

/** True for what is a batch of its own. */
const isAlone = (chunk: Chunk | undefined): boolean =>
  chunk?.lost !== undefined || chunk?.packed !== undefined;

/** By how much the positions of a batch grow in JSON, at most. `counted` has what each name was counted with so far. */
function sizeOf(positions: SourcePositions, counted: Map<string, number>): number {
  let more = 0;
  for (const [name, position] of Object.entries(positions)) {
    const bytes = Buffer.byteLength(JSON.stringify({ [name]: position }));
    const before = counted.get(name) ?? 0;
    more += Math.max(0, bytes - before);
    counted.set(name, Math.max(bytes, before));
  }
  return more;
}

function merge(chunks: readonly Chunk[]): RawBatch {
  const [only] = chunks;
  if (only !== undefined && chunks.length === 1) {
    const { lines, positions, isOwned = false, lost, packed, onSettled } = only;
    const kind = { ...(lost === undefined ? {} : { lost }), ...(packed === undefined ? {} : { packed }) };
    const more = { ...kind, ...allSettled([onSettled]) };
    return { raw: lines.bytes, count: lines.count, positions, isOwned, ...more };
  }
  const raw = lend(chunks.reduce((sum, { lines }) => sum + lines.bytes.length, 0));
  let fill = 0;
  for (const { lines, isOwned = false } of chunks) {
    fill += lines.bytes.copy(raw, fill);
    if (isOwned) giveBack(lines.bytes);
  }
  return {
    raw,
    count: chunks.reduce((sum, { lines }) => sum + lines.count, 0),
    positions: Object.assign({}, ...chunks.map(({ positions }) => positions)) as SourcePositions,
    isOwned: true,
    ...allSettled(chunks.map(({ onSettled }) => onSettled)),
  };
}

/** One call for all of them, where there is any. */
function allSettled(calls: readonly Chunk['onSettled'][]): Pick<Chunk, 'onSettled'> {
  const [only, ...more] = calls.filter((call) => call !== undefined);
  if (only === undefined || more.length === 0) return only === undefined ? {} : { onSettled: only };
  return { onSettled: () => [only, ...more].forEach((call) => call()) };
}
