import { randomBytes } from 'node:crypto';
import type { Logger } from '../../../base/logger.ts';
import type { SourcePosition, SourcePositions } from '../../../entry.ts';
import type { Content } from './content.ts';
import type { Place } from './fingerprint.ts';
import { FollowedFile, type ReadingOptions } from './followed_file.ts';
import { GONE, LostFiles, ownKeys, type Lost } from './lost_files.ts';

/** A file that begins to be followed. */
export interface Beginning {
  readonly inode: string;
  readonly path: string;
  readonly hasPath: boolean;
  readonly content: Content;
  readonly place: Place;
  /** When it was written to last, by the system's clock. */
  readonly modifiedMs: number;
  /** The lost file that it is, or is a copy of. */
  readonly lost?: Lost;
  readonly isRotated: boolean;
  /** Of a packed file that is done: how large it is. */
  readonly packedBytes?: number;
}

/** The files that are followed, the places of those that are lost, and what the receiver is to be told of both. */
export class Followed {
  readonly lost: LostFiles;
  /** True where a file is not where it was: what has its inode or name now is to be found. */
  isShort = false;
  readonly #reading: ReadingOptions;
  readonly #log: Logger;
  readonly #files = new Map<string, FollowedFile>();
  readonly #byInode = new Map<string, FollowedFile>();
  /** Positions that moved without an entry, by key. */
  readonly #moved = new Map<string, SourcePosition>();

  /** `isAnew`: what the receiver knows is forgotten. */
  constructor(
    from: SourcePositions,
    { isAnew, reading, log }: { isAnew: boolean; reading: ReadingOptions; log: Logger },
  ) {
    this.#reading = reading;
    this.#log = log;
    this.lost = new LostFiles(isAnew ? {} : from);
    if (isAnew) for (const key of ownKeys(from)) this.#moved.set(key, GONE);
  }

  get files(): Iterable<FollowedFile> {
    return this.#files.values();
  }

  get size(): number {
    return this.#files.size;
  }

  has(inode: string): boolean {
    return this.#byInode.has(inode);
  }

  /** Begins to follow a file. It is the file's from now on to close the content. */
  begin(beginning: Beginning): FollowedFile {
    const { inode, path, hasPath, content, place, modifiedMs, lost, isRotated, packedBytes } = beginning;
    const key = lost?.key ?? `#${randomBytes(8).toString('hex')}`;
    const { packing } = content;
    const start = { key, inode, path, place, modifiedMs, ...(packing === undefined ? {} : { packing }) };
    const file = new FollowedFile(start, this.#reading);
    file.adopt(content);
    file.hasPath = hasPath;
    file.isRotated = isRotated;
    file.packedBytes = packedBytes;
    file.isDue = packedBytes === undefined;
    if (lost !== undefined) this.lost.remove(lost);
    this.#files.set(key, file);
    this.#byInode.set(inode, file);
    if (lost?.inode !== inode && (place.offset > 0 || packedBytes !== undefined)) this.moved(file);
    return file;
  }

  /** Follows a file no more. What is known of it is kept, as a copy of it may turn up. */
  async lose(file: FollowedFile, state: Lost['state']): Promise<void> {
    const { key, place, inode, path, packedBytes, recent } = file;
    this.isShort = true;
    this.#files.delete(key);
    if (this.#byInode.get(inode) === file) this.#byInode.delete(inode);
    await file.close();
    if (place.offset === 0 && packedBytes === undefined) return;
    const packed = packedBytes === undefined ? {} : { packedBytes };
    const missedAtMs = this.#reading.now();
    this.lost.add({ key, place, inode, path, recent, state, missedAtMs, ...packed });
  }

  /** Notes that the receiver is to be told where this file stands, though no entry tells it. */
  moved(file: FollowedFile): void {
    this.#moved.set(file.key, file.position);
  }

  /** A chunk of the file is on its way and tells where it stands. */
  shipped(key: string): void {
    this.#moved.delete(key);
  }

  /** Has the receiver forget what is gone for long. */
  forget(forgetMs: number): void {
    for (const { key, path } of this.lost.takeForgotten(this.#reading.now(), forgetMs)) {
      this.#log.debug({ path }, `${path} is gone for long: forgotten`);
      this.#moved.set(key, GONE);
    }
  }

  /** Removes and yields the positions that moved without an entry, some at a time, so that they fit a batch. */
  *takeMoved(atATime: number): Generator<SourcePositions, void, undefined> {
    while (this.#moved.size > 0) {
      const some = [...this.#moved].slice(0, atATime);
      for (const [key] of some) this.#moved.delete(key);
      yield Object.fromEntries(some);
    }
  }
}
