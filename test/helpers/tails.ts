/** `tail` without a receiver: what it gives is kept, with the places a receiver would remember. */
import type { SourcePosition, SourcePositions } from '../../src/entry.ts';
import type { Chunk } from '../../src/shipper/source.ts';
import { tail, type TailOptions } from '../../src/shipper/sources/tail/tail.ts';
import { linesIn } from './chunks.ts';
import { silentLog } from './logs.ts';
import { until } from './until.ts';

/** Quick: a second of a user's is twenty milliseconds here. */
const TIMES = {
  ...{ pollMs: 10, scanMs: 40, confirmMs: 20, copyMs: 400, rotatedMs: 150 },
  ...{ heldMs: 100, restMs: 30_000, openMs: 5000, forgetMs: 60_000, roundMs: 1 },
};

export interface TailWishes extends Partial<Omit<TailOptions, 'times'>> {
  readonly paths: readonly string[];
  readonly times?: TailOptions['times'];
  readonly maxChunkBytes?: number;
}

/** A run of `tail`. It ends when disposed of. */
export class Tail implements AsyncDisposable {
  readonly chunks: Chunk[] = [];
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #positions: SourcePositions;
  /** Set to hold the chunks back, as a receiver that takes nothing does. */
  pause: Promise<void> | undefined;

  constructor({ times, maxChunkBytes = 64 * 1024, ...wishes }: TailWishes, from: SourcePositions = {}) {
    this.#positions = from;
    const source = tail({
      ...{
        exclude: [],
        from: 'resume',
        maxOpen: 256,
        readBytes: 64 * 1024,
        maxLineBytes: 4096,
        log: silentLog,
      },
      times: { ...TIMES, ...times },
      ...wishes,
    });
    this.#done = this.#read(source.read(from, this.#stop.signal, maxChunkBytes));
    this.#done.catch(() => undefined);
  }

  get lines(): string[] {
    return linesIn(this.chunks);
  }

  /** What a receiver that has it all remembers. */
  get positions(): SourcePositions {
    return this.#positions;
  }

  /** Settles when there are so many lines. */
  async has(count: number, timeoutMs = 30_000): Promise<void> {
    await until(`${count} lines came`, () => this.lines.length >= count, timeoutMs).catch(
      (error: unknown) => {
        throw new Error(`${(error as Error).message}: ${this.lines.length} came`);
      },
    );
  }

  /** Stops, and answers with what a receiver remembers. */
  async stop(): Promise<SourcePositions> {
    this.#stop.abort();
    await this.#done;
    return this.positions;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #read(chunks: AsyncIterable<Chunk>): Promise<void> {
    for await (const chunk of chunks) {
      // As who ships it does: the memory is gone afterwards.
      const bytes = Buffer.from(chunk.lines.bytes);
      if (chunk.isOwned === true) chunk.lines.bytes.fill(0);
      this.chunks.push({ ...chunk, lines: { ...chunk.lines, bytes } });
      this.#positions = remembered(this.#positions, chunk.positions);
      await this.pause;
    }
  }
}

/** Positions after some moved, as a receiver keeps them. */
export function remembered(before: SourcePositions, moved: SourcePositions): SourcePositions {
  const all: [string, SourcePosition][] = Object.entries({ ...before, ...moved });
  return Object.fromEntries(all.filter(([, { isGone }]) => isGone !== true));
}

/** The place a receiver that took the first `count` chunks remembers. */
export const positionsOf = (chunks: readonly Chunk[], from: SourcePositions = {}): SourcePositions =>
  chunks.reduce<SourcePositions>((before, { positions }) => remembered(before, positions), from);
