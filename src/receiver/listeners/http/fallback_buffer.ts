/** Redis, and while it is away the archive. */
import type { Position } from '../../../archive/commit_log.ts';
import {
  BufferUnavailable,
  type Drained,
  type UserBuffer,
  type UserEntry,
  type WaitingEntries,
} from '../../../users/user_buffer.ts';
import type { ArchiveBuffer } from './archive_buffer.ts';

export class FallbackBuffer implements UserBuffer {
  readonly #redis: UserBuffer;
  readonly #archive: ArchiveBuffer;

  constructor(redis: UserBuffer, archive: ArchiveBuffer) {
    this.#redis = redis;
    this.#archive = archive;
  }

  /** What Redis may have got, though it did not say so, is not put into the archive as well: it would be there twice. */
  async add(entries: readonly UserEntry[]): Promise<void> {
    try {
      await this.#redis.add(entries);
    } catch (error) {
      if (!(error instanceof BufferUnavailable) || error.isUncertain) throw error;
      await this.#archive.add(entries);
    }
  }

  async waiting(): Promise<readonly WaitingEntries[]> {
    const sums = new Map<string, WaitingEntries>();
    for (const waiting of [...(await this.#redis.waiting()), ...(await this.#archive.waiting())]) {
      const { userId, day, entries } = waiting;
      const key = `${day} ${userId}`;
      sums.set(key, { userId, day, entries: entries + (sums.get(key)?.entries ?? 0) });
    }
    return [...sums.values()];
  }

  /** Drains both, also where one of them can't. */
  async drain(): Promise<Drained> {
    const drained = await Promise.allSettled([this.#redis.drain(), this.#archive.drain()]);
    const sum = { entries: 0, files: 0 };
    for (const one of drained) {
      if (one.status === 'rejected') throw one.reason;
      sum.entries += one.value.entries;
      sum.files += one.value.files;
    }
    return sum;
  }

  async *linesOf(userId: string, day: number, signal?: AbortSignal): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const place = await this.#archive.place(signal);
      const lines = this.#redis.linesOf(userId, day, signal)[Symbol.asyncIterator]();
      // With its first line it has settled which part of the file it shows.
      let next = await lines.next();
      if (!isSame(place, await this.#archive.place(signal))) {
        await lines.return?.();
        continue;
      }
      for (; next.done !== true; next = await lines.next()) yield next.value;
      return yield* this.#archive.linesBehind(place, userId, day, signal);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#archive[Symbol.asyncDispose]();
  }
}

const isSame = (a: Position | undefined, b: Position | undefined): boolean =>
  a?.segment === b?.segment && a?.offset === b?.offset;
