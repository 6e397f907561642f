/** An application's lines, in memory until they are taken. */
import { Signal } from '../../base/signal.ts';
import { LineCutter } from '../../base/lines.ts';
import type { EntriesOfCut } from '../entry_lines.ts';
import { Flushes } from '../flushes.ts';
import { asTheyAre, type Shaper, type ShaperOf } from '../shaper.ts';
import type { Chunk, Lost, Source } from '../source.ts';

export interface QueueOptions {
  readonly maxLineBytes: number;
  readonly shaperOf?: ShaperOf;
  /** Called with the bytes that have left the queue. */
  readonly onTaken: (bytes: number) => void;
}

const NO_LINES = { bytes: Buffer.alloc(0), count: 0 };

/** What was pushed is given once, in order; its bound is the affair of whoever pushes. */
export class Queue implements Source {
  readonly name = 'queue';
  readonly canReread = false;
  readonly #options: QueueOptions;
  readonly #changed = new Signal();
  readonly #flushes = new Flushes();
  #waiting: (Buffer | Lost)[] = [];
  #isEnded = false;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** Takes lines, each ended by a newline; or the word that some are missing there. */
  push(lines: Buffer | Lost): void {
    this.#waiting.push(lines);
    this.#changed.notify();
  }

  /** Settles when all that was pushed until now is settled. */
  flush(): Promise<void> {
    const flushed = this.#flushes.ask();
    this.#changed.notify();
    return flushed;
  }

  /** Nothing more will be pushed. */
  end(): void {
    this.#isEnded = true;
    this.#changed.notify();
  }

  async *read(
    _from: unknown,
    signal: AbortSignal,
    maxChunkBytes: number,
  ): AsyncGenerator<Chunk, void, undefined> {
    const wake = (): void => this.#changed.notify();
    signal.addEventListener('abort', wake, { once: true });
    this.#flushes.begin();
    const shaper = (this.#options.shaperOf ?? asTheyAre)(this.name);
    const shape = (next: Buffer | Lost) => this.#chunksOf(next, shaper, maxChunkBytes);
    while (!signal.aborted) {
      this.#flushes.look();
      const next = this.#waiting.shift();
      if (next !== undefined) {
        for (const chunk of shape(next)) yield { ...chunk, onSettled: this.#flushes.give() };
        if (Buffer.isBuffer(next)) this.#options.onTaken(next.length);
      } else {
        if (this.#flushes.isHeard) yield { lines: NO_LINES, positions: {}, isUrgent: true };
        this.#flushes.reachedEnd();
        if (this.#isEnded) break;
        if (!this.#flushes.isAsked && this.#waiting.length === 0) await this.#changed.wait();
      }
    }
    signal.removeEventListener('abort', wake);
  }

  /** Where nothing of it is left (blank lines, filtered out) there is none. */
  *#chunksOf(next: Buffer | Lost, shaper: Shaper, maxChunkBytes: number): Generator<Chunk, void, undefined> {
    if (!Buffer.isBuffer(next)) {
      yield { lines: NO_LINES, positions: {}, lost: next };
      return;
    }
    const cutter = new LineCutter(this.#options.maxLineBytes);
    for (const cut of cutter.push(next)) yield* toChunks(shaper.shape(cut, maxChunkBytes));
    yield* toChunks(shaper.flush(maxChunkBytes));
  }
}

function* toChunks(entries: Iterable<EntriesOfCut>): Generator<Chunk> {
  for (const { lines } of entries) if (lines.count > 0) yield { lines, positions: {} };
}
