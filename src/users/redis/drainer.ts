/** Moves what waits in Redis into the files of users; any number of drainers may, in turns. */
import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from '../../base/backoff.ts';
import type { Drained } from '../user_buffer.ts';
import type { UserFiles } from '../user_files.ts';
import { MOST_MS } from '../writer_lock.ts';
import { drainChunk, type Chunk, type FailedList } from './drain_chunk.ts';
import type { ListName } from './list_key.ts';
import type { RedisLists } from './redis_lists.ts';

export interface DrainerOptions {
  readonly lists: RedisLists;
  readonly files: UserFiles;
  /** Something a person should know. */
  readonly found: (finding: string) => void;
}

/** Lists that are taken away together. */
const LISTS_AT_ONCE = 250;

/** After so long of work other writers get a turn, also those of other processes. */
const STEP_ASIDE_AFTER_MS = 250;

/** A list whose file can't be written is tried again after so long. */
const FAILED_AGAIN = { firstMs: 1000, maxMs: 300_000 };
const MAX_FAILURES = 10_000;

interface Failure {
  readonly attempt: number;
  readonly againAt: number;
  readonly reason: string;
}

export class Drainer {
  readonly #options: DrainerOptions;
  readonly #failures = new Map<string, Failure>();

  constructor(options: DrainerOptions) {
    this.#options = options;
  }

  /** Moves all that waits when it begins. Rejects where Redis or the disk can't; what was moved by then stays moved. */
  async drain(signal?: AbortSignal): Promise<Drained> {
    let moved = { entries: 0, files: 0 };
    for await (const page of this.#options.lists.pages()) {
      const lists = page.filter((list) => !this.#isWaiting(list));
      const { entries, files } = await this.#drainLists(lists, signal);
      moved = { entries: moved.entries + entries, files: moved.files + files };
    }
    return moved;
  }

  /** Moves what waits in these lists when it begins, and not what is pushed meanwhile: that has no end. */
  async #drainLists(lists: readonly ListName[], signal?: AbortSignal): Promise<Drained> {
    const written = new Set<string>();
    const takenNow = new Set<string>();
    let entries = 0;
    let left = lists;
    for (let since = performance.now(); left.length > 0;) {
      signal?.throwIfAborted();
      const chunk = await this.#drainChunk(left.slice(0, LISTS_AT_ONCE), signal);
      entries += chunk.entries;
      for (const list of chunk.written) written.add(nameOf(list));
      for (const failed of chunk.failed) this.#fail(failed);
      const unfinished = chunk.unfinished.filter((list) => list.entries > 0 || !takenNow.has(nameOf(list)));
      for (const list of unfinished) if (!list.isOld) takenNow.add(nameOf(list));
      left = [...unfinished.filter((list) => !this.#isWaiting(list)), ...left.slice(LISTS_AT_ONCE)];
      if (performance.now() - since < STEP_ASIDE_AFTER_MS) continue;
      await delay(MOST_MS + 1);
      since = performance.now();
    }
    return { entries, files: written.size };
  }

  #drainChunk(names: readonly ListName[], signal?: AbortSignal): Promise<Chunk> {
    const { lists, files, found } = this.#options;
    return files.turn((turn) => drainChunk(turn, lists, names, { id: files.id, found }), signal);
  }

  #isWaiting(list: ListName): boolean {
    return (this.#failures.get(nameOf(list))?.againAt ?? 0) > performance.now();
  }

  #fail({ list, error }: FailedList): void {
    const before = this.#failures.get(nameOf(list));
    const attempt = (before?.attempt ?? -1) + 1;
    const againAt = performance.now() + backoffMs(attempt, FAILED_AGAIN, Math.random());
    if (before === undefined && this.#failures.size >= MAX_FAILURES) this.#failures.clear();
    this.#failures.set(nameOf(list), { attempt, againAt, reason: error.message });
    if (before?.reason !== error.message)
      this.#options.found(`what waits for a file is tried again later: ${error.message}`);
  }
}

const nameOf = ({ userId, day }: ListName): string => `${day} ${userId}`;
