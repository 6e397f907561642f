/**
 * `tail`: files followed as they grow, through their rotations.
 *
 *     scanner (which files there are, and which each is) ─▶ followed ─▶ reader (a turn for each) ─▶ handover ─▶ batcher
 *
 * Looking goes on while the receiver takes nothing: files that are rotated meanwhile are held open.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../../base/logger.ts';
import { Signal } from '../../../base/signal.ts';
import type { ShaperOf } from '../../shaper.ts';
import type { Chunk, Source } from '../../source.ts';
import type { Patterns } from './find.ts';
import { Followed } from './followed.ts';
import { OpenFiles } from './open_files.ts';
import { Reader } from './reader.ts';
import { Scanner } from './scanner.ts';
import { TIMES, type Times } from './times.ts';
import { Wake } from './wake.ts';

export interface TailOptions extends Patterns {
  /**
   * Where files are begun. `resume`: those the receiver knows where it stands, others at their start. `end`: the same, but
   * others that are there at the beginning at their end. `start`: all at their start.
   */
  readonly from: 'resume' | 'end' | 'start';
  /** Files open at a time. */
  readonly maxOpen: number;
  readonly readBytes: number;
  readonly maxLineBytes: number;
  readonly shaperOf?: ShaperOf;
  readonly times?: Partial<Times>;
  readonly now?: () => number;
  readonly log: Logger;
}

/** Files that grow, come, go and are rotated, as a source. It ends when it is told to. */
export function tail(options: TailOptions): Source {
  return {
    name: 'tail',
    canReread: true,
    async *read(from, signal, maxChunkBytes) {
      const stop = new AbortController();
      const ending = AbortSignal.any([signal, stop.signal]);
      const following = new Following(options, from, maxChunkBytes);
      const done = following.run(ending);
      done.catch(() => undefined);
      try {
        yield* following.chunks();
      } finally {
        stop.abort();
        await done;
      }
    },
  };
}

class Following {
  readonly #wake = new Wake();
  readonly #scanner: Scanner;
  readonly #reader: Reader;
  readonly #followed: Followed;
  readonly #times: Times;
  readonly #now: () => number;
  readonly #given = new Signal();
  /** The chunk that was read last, until it is taken. */
  #next: Chunk | undefined;
  #isGiving = false;
  #isEnded = false;
  #failure: Error | undefined;

  constructor(options: TailOptions, from: Parameters<Source['read']>[0], maxChunkBytes: number) {
    const { log, maxLineBytes, readBytes, shaperOf, paths, exclude } = options;
    const now = (this.#now = options.now ?? (() => performance.now()));
    const times = (this.#times = { ...TIMES, ...options.times });
    const openFiles = new OpenFiles(options.maxOpen);
    const turnBytes = Math.min(readBytes, maxChunkBytes);
    const reading = { turnBytes, maxLineBytes, maxChunkBytes, openFiles, now };
    this.#followed = new Followed(from, {
      isAnew: options.from === 'start',
      reading: { ...reading, ...(shaperOf === undefined ? {} : { shaperOf }) },
      log,
    });
    const common = { openFiles, times, now, log };
    const looking = { patterns: { paths, exclude }, isAtEnd: options.from === 'end', wake: this.#wake };
    this.#scanner = new Scanner(this.#followed, { ...common, ...looking });
    this.#reader = new Reader(this.#followed, common);
  }

  /** Follows until `signal` aborts. Settles when all is closed. */
  async run(signal: AbortSignal): Promise<void> {
    const wakeUp = (): void => this.#wake.notify();
    signal.addEventListener('abort', wakeUp, { once: true });
    try {
      while (!signal.aborted) await this.#oneRound(signal);
    } catch (error) {
      this.#failure = error as Error;
    } finally {
      signal.removeEventListener('abort', wakeUp);
      this.#wake[Symbol.dispose]();
      await this.#scanner.close();
      for (const file of this.#followed.files) await file.close();
      this.#isEnded = true;
      this.#given.notify();
    }
  }

  /** The chunks, as they are read, until the end. To be iterated once. */
  async *chunks(): AsyncGenerator<Chunk, void, undefined> {
    for (;;) {
      const chunk = this.#next;
      this.#next = undefined;
      if (chunk !== undefined) {
        if (this.#isGiving) this.#wake.notify();
        yield chunk;
      } else if (this.#isEnded) break;
      else await this.#given.wait();
    }
    if (this.#failure !== undefined) throw this.#failure;
    yield* this.#reader.moved();
  }

  async #oneRound(signal: AbortSignal): Promise<void> {
    const startedAt = this.#now();
    await this.#scanner.look();
    const round = this.#reader.round();
    for (let step = await round.next(); ; step = await round.next()) {
      if (step.done === true && step.value) return;
      if (step.done === true) break;
      await this.#give(step.value, signal);
      if (signal.aborted) return;
    }
    for await (const chunk of this.#reader.tend()) {
      await this.#give(chunk, signal);
      if (signal.aborted) return;
    }
    if (signal.aborted) return;
    await delay(Math.max(0, this.#times.roundMs - (this.#now() - startedAt)), undefined, { signal }).catch(
      () => undefined,
    );
    await this.#wake.wait(this.#scanner.nextLookMs - this.#now());
  }

  /** Settles when the chunk can be taken. Until then which files there are is looked at. */
  async #give(chunk: Chunk, signal: AbortSignal): Promise<void> {
    this.#isGiving = true;
    while (this.#next !== undefined && !signal.aborted) {
      await this.#wake.wait(this.#scanner.nextLookMs - this.#now());
      if (this.#next !== undefined) await this.#scanner.look();
    }
    this.#isGiving = false;
    if (signal.aborted) return;
    this.#next = chunk;
    this.#given.notify();
  }
}
