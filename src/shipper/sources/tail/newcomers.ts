import type { Logger } from '../../../base/logger.ts';
import { bytesAt, type Content } from './content.ts';
import type { Found } from './find.ts';
import { START, placeAt, type Place } from './fingerprint.ts';
import type { Followed } from './followed.ts';
import type { FollowedFile } from './followed_file.ts';
import { Newcomer } from './newcomer.ts';
import type { OpenFiles } from './open_files.ts';
import { recognize, type Candidate, type Verdict } from './recognize.ts';
import type { Times } from './times.ts';

export interface NewcomersOptions {
  /** True where files that are there at the start, and that the receiver does not know, are begun at their end. */
  readonly isAtEnd: boolean;
  readonly openFiles: OpenFiles;
  readonly times: Times;
  readonly now: () => number;
  readonly log: Logger;
}

/** Files not read yet that are held against one that may be a copy: looking into more would take too long. */
const MOST_UNREAD = 100;

/** Files that were found and are not recognized yet, until they are followed. */
export class Newcomers {
  readonly #options: NewcomersOptions;
  readonly #followed: Followed;
  readonly #waiting = new Map<string, Newcomer>();
  /** Told of a file that is not followed, and why. */
  readonly #onRefused: (path: string, why: string) => void;

  constructor(followed: Followed, options: NewcomersOptions, onRefused: (path: string, why: string) => void) {
    this.#followed = followed;
    this.#options = options;
    this.#onRefused = onRefused;
  }

  /** True for the path of one of them. */
  hasPath(path: string): boolean {
    return [...this.#waiting.values()].some((newcomer) => newcomer.path === path);
  }

  /** Notes what the patterns found. */
  seen(present: ReadonlyMap<string, Found>, { isFirst }: { readonly isFirst: boolean }): void {
    const { openFiles, now } = this.#options;
    for (const [inode, found] of present)
      if (!this.#followed.has(inode) && !this.#waiting.has(inode))
        this.#waiting.set(inode, new Newcomer(found, openFiles, { wasThere: isFirst, nowMs: now() }));
    for (const newcomer of this.#waiting.values()) newcomer.seen(present.get(newcomer.inode), now());
  }

  /** Begins to follow those of which it is known what they are. */
  async recognizeAll(): Promise<FollowedFile[]> {
    const originals = this.#waiting.size === 0 ? NO_ORIGINALS : originalsAmong(this.#followed.files);
    const begun: FollowedFile[] = [];
    for (const newcomer of this.#waiting.values()) {
      if (!newcomer.hasPath && !newcomer.isOpen) this.#waiting.delete(newcomer.inode);
      if (newcomer.notBeforeMs > this.#options.now()) continue;
      const file = await this.#recognize(newcomer, originals);
      if (file === undefined) continue;
      (file.place.offset > 0 ? originals.read : originals.unread).push(file);
      begun.push(file);
    }
    return begun;
  }

  async close(): Promise<void> {
    for (const newcomer of this.#waiting.values()) await newcomer.close();
  }

  async #recognize(newcomer: Newcomer, { read, unread }: Originals): Promise<FollowedFile | undefined> {
    const { now, times } = this.#options;
    const { lost } = this.#followed;
    try {
      const candidate = await newcomer.candidate(now(), times.copyMs);
      if (newcomer.bytes === 0) lost.replaced(newcomer.inode);
      if (candidate === undefined) return undefined;
      const originals = newcomer.wasThere ? read : [...read, ...unread.slice(-MOST_UNREAD)];
      const verdict = await recognize(candidate, lost, originals);
      return verdict.kind === 'wait' ? undefined : await this.#begin(newcomer, candidate, verdict);
    } catch (error) {
      await this.#failed(newcomer, error as NodeJS.ErrnoException);
      return undefined;
    }
  }

  async #begin(
    newcomer: Newcomer,
    { content, bytes }: Candidate,
    verdict: Exclude<Verdict, { kind: 'wait' }>,
  ): Promise<FollowedFile> {
    const { inode, path, hasPath, modifiedMs } = newcomer;
    const what = { inode, path, hasPath, content, modifiedMs };
    const isAtEnd = verdict.kind === 'new' && this.#options.isAtEnd && newcomer.wasThere;
    const isDone = verdict.kind === 'known' && !verdict.isCopy && verdict.lost.packedBytes === bytes;
    const packed = content.packing !== undefined && (isAtEnd || isDone) ? { packedBytes: bytes } : {};
    const place =
      verdict.kind === 'known'
        ? verdict.place
        : isAtEnd && content.packing === undefined
          ? await lastLineEnd(content, bytes)
          : START;
    newcomer.release();
    this.#waiting.delete(inode);
    if (verdict.kind === 'new') return this.#followed.begin({ ...what, ...packed, place, isRotated: false });
    const { lost, isCopy } = verdict;
    const isRotated = isCopy || lost.path !== path;
    if (isRotated) this.#tellRotated(path, verdict);
    return this.#followed.begin({ ...what, ...packed, place, lost, isRotated });
  }

  #tellRotated(path: string, { lost, isCopy, place }: Extract<Verdict, { kind: 'known' }>): void {
    const what = isCopy ? 'a copy of what was ' : '';
    this.#options.log.info(
      { path, was: lost.path, offset: place.offset },
      `${path} is ${what}${lost.path}: going on at byte ${place.offset}`,
    );
  }

  async #failed(newcomer: Newcomer, { code = '', message }: NodeJS.ErrnoException): Promise<void> {
    await newcomer.close();
    if (code === 'ENOENT' || code === 'replaced') {
      this.#waiting.delete(newcomer.inode);
      this.#followed.isShort = true;
      return;
    }
    newcomer.notBeforeMs = this.#options.now() + this.#options.times.scanMs;
    // A packed file that is not whole may be in the making.
    if (code !== 'Z_BUF_ERROR') this.#onRefused(newcomer.path, message);
  }
}

interface Originals {
  readonly read: FollowedFile[];
  readonly unread: FollowedFile[];
}

const NO_ORIGINALS: Originals = { read: [], unread: [] };

function originalsAmong(files: Iterable<FollowedFile>): Originals {
  const originals: Originals = { read: [], unread: [] };
  for (const file of files) (file.place.offset > 0 ? originals.read : originals.unread).push(file);
  return originals;
}

/** The place behind the last line that is whole. */
async function lastLineEnd(content: Content, bytes: number): Promise<Place> {
  const length = Math.min(bytes, 64 * 1024);
  const end = (await bytesAt(content, bytes - length, length)).lastIndexOf(0x0a) + 1;
  return placeAt(content, end === 0 ? bytes : bytes - length + end);
}
