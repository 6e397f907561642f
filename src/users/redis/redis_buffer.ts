/** Redis as the buffer of users' entries, from where the drainer moves them into their files. */
import { join } from 'node:path';
import { linesBetween } from '../day_lines.ts';
import { dayFileOf, folderNameOf } from '../file_name.ts';
import type { Drained, UserBuffer, UserEntry, WaitingEntries } from '../user_buffer.ts';
import type { UserFiles } from '../user_files.ts';
import { drainChunk } from './drain_chunk.ts';
import { Drainer } from './drainer.ts';
import { LIST_PATTERN } from './list_key.ts';
import { RedisLink } from './redis_link.ts';
import { RedisLists } from './redis_lists.ts';
import { RedisPushes } from './redis_pushes.ts';

export interface RedisBufferOptions {
  readonly url: string;
  readonly files: UserFiles;
  /** Which keys are drained, as SCAN has it. */
  readonly pattern?: string;
  /** A list to which nothing was pushed for so long is deleted by Redis, drained or not; 0: never. */
  readonly keyExpirationSeconds?: number;
  /** An answer of Redis that is not there after so long will not come. */
  readonly timeoutMs?: number;
  /** Redis can't be reached or drained, or can again. */
  readonly troubled?: (error: Error) => void;
  readonly recovered?: () => void;
  /** Something a person should know. */
  readonly found?: (finding: string) => void;
}

/** More than this is moved before a user's day is read. */
const MAX_READ_ENTRIES = 10_000;

export class RedisBuffer implements UserBuffer {
  readonly #link: RedisLink;
  readonly #lists: RedisLists;
  readonly #pushes: RedisPushes;
  readonly #files: UserFiles;
  readonly #found: (finding: string) => void;
  readonly drainer: Drainer;

  /** Connects in the background; the files stay the caller's. */
  constructor(options: RedisBufferOptions) {
    const { files, pattern = LIST_PATTERN, keyExpirationSeconds = 0, found = () => undefined } = options;
    this.#files = files;
    this.#found = found;
    this.#link = new RedisLink(options);
    this.#lists = new RedisLists(this.#link, pattern);
    this.#pushes = new RedisPushes({ link: this.#link, keyExpirationSeconds });
    this.drainer = new Drainer({ lists: this.#lists, files, found });
  }

  /** Why it takes nothing at the moment, if so. */
  get trouble(): string | undefined {
    return this.#link.trouble;
  }

  /** Settles when Redis can be reached; rejects with BufferUnavailable when it can't within that time. */
  ready(withinMs: number): Promise<void> {
    return this.#link.ready(withinMs);
  }

  add(entries: readonly UserEntry[]): Promise<void> {
    return this.#pushes.add(entries);
  }

  async waiting(): Promise<readonly WaitingEntries[]> {
    const waiting = new Map<string, WaitingEntries>();
    for await (const page of this.#lists.pages()) {
      const lengths = await this.#lists.lengths(page);
      for (const [index, { userId, day }] of page.entries())
        waiting.set(`${day} ${userId}`, { userId, day, entries: lengths[index] ?? 0 });
    }
    return [...waiting.values()].filter(({ entries }) => entries > 0);
  }

  drain(): Promise<Drained> {
    return this.drainer.drain();
  }

  async *linesOf(userId: string, day: number, signal?: AbortSignal): AsyncGenerator<Buffer, void, undefined> {
    const list = { userId, day };
    const { bytes, rest } = await this.#files.turn(async (turn) => {
      const aside = { id: this.#files.id, found: this.#found };
      // Settles what a kill left both in the file and in Redis, and leaves no more than can be held.
      for (let entries = Infinity; entries > MAX_READ_ENTRIES;) {
        await drainChunk(turn, this.#lists, entries === Infinity ? [] : [list], aside);
        [entries = 0] = await this.#lists.lengths([list]);
      }
      return { bytes: turn.bytesOf(userId, day), rest: await this.#lists.all(list) };
    }, signal);
    const path = join(this.#files.folder, folderNameOf(userId), dayFileOf(day));
    yield* linesBetween(path, 0, bytes, signal);
    yield* rest;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link[Symbol.asyncDispose]();
  }
}
