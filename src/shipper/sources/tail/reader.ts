import type { Logger } from '../../../base/logger.ts';
import type { Chunk } from '../../source.ts';
import type { Followed } from './followed.ts';
import type { FollowedFile } from './followed_file.ts';
import type { Times } from './times.ts';

/** Positions that are told without entries at a time. */
const MOVED_AT_A_TIME = 50;

const NO_LINES = { bytes: Buffer.alloc(0), count: 0 };

export interface ReaderOptions {
  readonly times: Times;
  readonly now: () => number;
  readonly log: Logger;
}

/** Reads what is due, each file in its turn, and does with quiet files what is to be done. */
export class Reader {
  readonly #options: ReaderOptions;
  readonly #followed: Followed;
  readonly #told = new Set<string>();
  #tendAtMs = 0;

  constructor(followed: Followed, options: ReaderOptions) {
    this.#followed = followed;
    this.#options = options;
  }

  /** A turn for each file that is due; true where there is more to read. */
  async *round(): AsyncGenerator<Chunk, boolean, undefined> {
    let hasMore = false;
    for (const file of this.#followed.files) {
      if (!file.isDue || file.notBeforeMs > this.#options.now()) continue;
      try {
        hasMore = (yield* this.#turn(file)) || hasMore;
      } catch (error) {
        this.#failed(file, error as NodeJS.ErrnoException);
      }
    }
    return hasMore;
  }

  /** What files need that have been quiet: lines held back, last lines without a newline, to be closed, to take less memory. */
  async *tend(): AsyncGenerator<Chunk, void, undefined> {
    const { now, times } = this.#options;
    if (now() < this.#tendAtMs) return;
    this.#tendAtMs = now() + times.pollMs;
    for (const file of this.#followed.files) {
      const quietMs = now() - file.grewAtMs;
      if (quietMs >= times.restMs) file.rest();
      // Most files of many need nothing.
      if (file.hasPath && !file.isRotated && !file.hasHeldLines && !file.isOpen) continue;
      try {
        yield* this.#tendOne(file, quietMs);
      } catch (error) {
        this.#failed(file, error as NodeJS.ErrnoException);
      }
    }
    yield* this.moved();
  }

  /** The positions that moved without an entry. */
  *moved(): Generator<Chunk, void, undefined> {
    for (const positions of this.#followed.takeMoved(MOVED_AT_A_TIME)) yield { lines: NO_LINES, positions };
  }

  async *#turn(file: FollowedFile): AsyncGenerator<Chunk, boolean, undefined> {
    const outcome = yield* this.#shipped(file, file.turn());
    if (outcome === 'changed') {
      yield* this.#shipped(file, file.flush());
      this.#tellCut(file);
      await this.#followed.lose(file, 'replaced');
      return true;
    }
    if (file.holeBytes > 0) this.#tellHole(file);
    if (outcome === 'end' && file.packing !== undefined) yield* this.#packedEnd(file);
    return outcome === 'more';
  }

  async *#packedEnd(file: FollowedFile): AsyncGenerator<Chunk, void, undefined> {
    yield* this.#shipped(file, file.finish());
    file.isDone();
    this.#followed.moved(file);
    await file.close();
  }

  async *#tendOne(file: FollowedFile, quietMs: number): AsyncGenerator<Chunk, void, undefined> {
    const { times } = this.#options;
    if (!file.hasPath && !file.isOpen) {
      this.#tellUnread(file);
      await this.#followed.lose(file, 'missing');
    } else if (file.isRotated && !file.isDue && quietMs >= times.rotatedMs) {
      yield* this.#rotatedEnd(file);
    } else if (file.hasHeldLines && quietMs >= times.heldMs) {
      yield* this.#shipped(file, file.flush());
    }
    if (file.isOpen && file.hasPath && quietMs >= times.openMs) await file.close();
  }

  /** A rotated file has been quiet for long: its last line is the last, newline or not. */
  async *#rotatedEnd(file: FollowedFile): AsyncGenerator<Chunk, void, undefined> {
    if (file.packing === undefined && (file.unreadBytes > 0 || file.hasHeldLines)) {
      if (!(yield* this.#shipped(file, file.finish()))) return;
    }
    if (!file.hasPath) await this.#followed.lose(file, 'gone');
  }

  async *#shipped<Result>(
    file: FollowedFile,
    chunks: AsyncGenerator<Chunk, Result, undefined> | Generator<Chunk, Result, undefined>,
  ): AsyncGenerator<Chunk, Result, undefined> {
    for (;;) {
      const { done, value } = await chunks.next();
      if (done === true) return value;
      this.#followed.shipped(file.key);
      yield value;
    }
  }

  #failed(file: FollowedFile, { code = '', message }: NodeJS.ErrnoException): void {
    const { now, times, log } = this.#options;
    // A packed file that is not whole is read again when it has changed.
    file.isDue = !code.startsWith('Z_');
    file.notBeforeMs = now() + (code === 'no_room' ? times.pollMs : times.scanMs);
    // It was renamed or deleted a moment ago: the next look finds out which.
    if (code === 'ENOENT' || code === 'replaced') this.#followed.isShort = true;
    if (['ENOENT', 'replaced', 'no_room'].includes(code)) return;
    const what = `${file.path} ${code}`;
    if (!this.#told.has(what))
      log.warn({ path: file.path, code }, `${file.path} can't be read now: ${message}`);
    this.#told.add(what);
  }

  #tellCut(file: FollowedFile): void {
    const { path, unreadBytes: unread } = file;
    this.#options.log.info({ path, unread }, `${path} was cut or written anew: it is read from its start`);
  }

  #tellHole({ key, path, holeBytes: zeros }: FollowedFile): void {
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#options.log.info(
      { path, zeros },
      `${path} begins with ${zeros} zeros, which are left out: it was cut while its writer did not append`,
    );
  }

  #tellUnread(file: FollowedFile): void {
    const { path, unreadBytes: unread } = file;
    if (unread > 0)
      this.#options.log.warn({ path, unread }, `${path} is gone, with ${unread} bytes not shipped`);
  }
}
