import { lend } from '../../../base/large_buffers.ts';
import type { SourcePosition } from '../../../entry.ts';
import type { Chunk } from '../../source.ts';
import { bytesAt, type Content, type FileFacts, type Packing } from './content.ts';
import { Cutting, type CuttingOptions, type Shipment } from './cutting.ts';
import { HEAD_BYTES, type Place } from './fingerprint.ts';
import { factsAt, openContent } from './open_content.ts';
import type { Closable, OpenFiles } from './open_files.ts';
import type { Recent } from './recent_bytes.ts';
import { TailError } from './tail_error.ts';
import type { Times } from './times.ts';

export interface ReadingOptions extends CuttingOptions {
  /** Bytes read in one turn, but for a longer line. */
  readonly turnBytes: number;
  readonly openFiles: OpenFiles;
  readonly now: () => number;
}

/** A file as it was found, and up to where it is done. */
export interface Start {
  /** Its name at the receiver, for good: file names come and go. */
  readonly key: string;
  readonly inode: string;
  readonly path: string;
  readonly place: Place;
  /** When it was written to last, by the system's clock. */
  readonly modifiedMs: number;
  readonly packing?: Packing;
}

/** How a turn ended: there is more to read, there was the end, or it is not the content it was. */
export type Outcome = 'more' | 'end' | 'changed';

/**
 * A file that is read in turns as it grows. It stays the same through renames; once its content is another (it was cut,
 * or written anew) it says so and is done with.
 */
export class FollowedFile implements Closable {
  readonly key: string;
  readonly inode: string;
  readonly packing: Packing | undefined;
  /** The path by which it is spoken of, and opened. */
  path: string;
  /** False where no path leads to it any more. */
  hasPath = true;
  /** True where it got another name or lost it: its writer is, or will soon be, done with it. */
  isRotated = false;
  /** True where something may be there to read. */
  isDue = true;
  /** It is not to be read before. */
  notBeforeMs = 0;
  /** When it grew last. */
  grewAtMs: number;
  /** Of a packed file that was read to its end: how large it was. */
  packedBytes: number | undefined;
  /** When it is to be looked at again: a file that has been quiet for long is looked at less often. */
  lookAtMs = 0;
  readonly #options: ReadingOptions;
  readonly #cutting: Cutting;
  #content: Content | undefined;
  /** As it was when it was looked at last. */
  #knownBytes = 0;
  #knownModifiedMs = 0;
  /** How much to read in a turn: more for a line that is longer than one. */
  #wanted: number;

  constructor({ key, inode, path, place, modifiedMs, packing }: Start, options: ReadingOptions) {
    this.key = key;
    this.inode = inode;
    this.path = path;
    this.packing = packing;
    this.grewAtMs = options.now() - Math.max(0, Date.now() - modifiedMs);
    this.#options = options;
    this.#cutting = new Cutting(path, place, options);
    this.#wanted = options.turnBytes;
  }

  /** Up to where its entries are on their way. */
  get place(): Place {
    return this.#cutting.place;
  }

  get position(): SourcePosition {
    const { offset, head, headBytes, part, last } = this.place;
    const { inode, path, packedBytes } = this;
    return {
      ...{ offset, head, headBytes, inode, last, path },
      ...(part === 0 ? {} : { part }),
      ...(packedBytes === undefined ? {} : { packedBytes }),
    };
  }

  get recent(): Recent {
    return this.#cutting.recent;
  }

  get isOpen(): boolean {
    return this.#content !== undefined;
  }

  get isLastHold(): boolean {
    return !this.hasPath;
  }

  /** True where lines were read that are in no entry yet. */
  get hasHeldLines(): boolean {
    return this.#cutting.hasHeldLines;
  }

  /** Zeros at its beginning that were left out, once it is known how many. */
  get holeBytes(): number {
    return this.place.offset > 0 ? this.#cutting.hole : 0;
  }

  /** Bytes known to be there and not read: the beginning of a line. Nothing is known of a packed file. */
  get unreadBytes(): number {
    return this.packing === undefined ? Math.max(0, this.#knownBytes - this.#cutting.readTo) : 0;
  }

  /** Takes over what was opened to look at it. */
  adopt(content: Content): void {
    this.#content = content;
    this.#options.openFiles.used(this);
  }

  /** Opens it, if it is not open. Rejects with what the system says, or TailError. */
  async content(): Promise<Content> {
    if (this.#content === undefined) {
      if (!(await this.#options.openFiles.makeRoom()))
        throw new TailError('no_room', 'too many files are open');
      const content = await openContent(this.path);
      if ((await content.facts()).inode !== this.inode) {
        await content.close();
        throw new TailError('replaced', `${this.path} is another file now`);
      }
      this.#content = content;
    }
    this.#options.openFiles.used(this);
    return this.#content;
  }

  async close(): Promise<void> {
    const content = this.#content;
    this.#content = undefined;
    this.#options.openFiles.closed(this);
    await content?.close();
  }

  /** True where what was read of it is still there. */
  async isUnchanged(): Promise<boolean> {
    return this.#cutting.isOf(await this.content());
  }

  /** Reads once, and yields the entries of the lines it finds. */
  async *turn(): AsyncGenerator<Chunk, Outcome, undefined> {
    const content = await this.content();
    this.noteFacts(await content.facts());
    this.isDue = false;
    const isPacked = this.packing !== undefined;
    const start = this.#cutting.readTo;
    const length = isPacked ? this.#wanted : Math.min(this.#wanted, this.#knownBytes - start);
    const buffer = lend(Math.max(0, length));
    const bytes = buffer.subarray(0, await content.readInto(buffer, 0, start));
    // Looked at after it was read: what is still there now was there when the bytes behind it were read.
    if (!isPacked && !(await this.#cutting.isOf(content, bytes))) return 'changed';
    if (length <= 0) return 'end';
    if (isPacked && start === 0) this.#cutting.startsWith(bytes.subarray(0, HEAD_BYTES));
    yield* this.#chunks(this.#cutting.push(bytes, false));
    const isAtEnd = bytes.length < length || (!isPacked && start + bytes.length >= this.#knownBytes);
    this.#wanted = isAtEnd || this.#cutting.readTo > start ? this.#options.turnBytes : this.#wanted * 2;
    this.isDue ||= !isAtEnd;
    return isAtEnd ? 'end' : 'more';
  }

  /**
   * Yields what is left at the end of a file that will not grow: a last line that has no newline, and what the shaper
   * holds back. False where it did grow.
   */
  async *finish(): AsyncGenerator<Chunk, boolean, undefined> {
    const content = await this.content();
    const { readTo } = this.#cutting;
    const rest = await bytesAt(content, readTo, this.#options.maxLineBytes + 4);
    if ((await content.size()) !== readTo + rest.length) return false;
    if (this.packing === undefined && !(await this.#cutting.isOf(content, rest))) return false;
    yield* this.#chunks(this.#cutting.push(rest, true));
    yield* this.flush();
    return true;
  }

  /** Yields what the shaper holds back. */
  *flush(): Generator<Chunk, void, undefined> {
    yield* this.#chunks(this.#cutting.flush());
  }

  /** It has been quiet for long: memory it does not need is given back. */
  rest(): void {
    this.#cutting.rest();
  }

  /** A packed file was read to its end. */
  isDone(): void {
    this.packedBytes = this.#knownBytes;
    this.isDue = false;
  }

  /** Looks whether something was written to it. What the system refuses to say is found out when it is read. */
  async look({ pollMs, scanMs }: Pick<Times, 'pollMs' | 'scanMs'>): Promise<void> {
    this.looked({ pollMs, scanMs });
    try {
      const facts = await (this.#content?.facts() ?? factsAt(this.path));
      if (facts?.inode === this.inode) this.noteFacts(facts);
      else this.isDue = true;
    } catch {
      this.isDue = true;
    }
  }

  /** It was looked at: while it is quiet it is looked at less and less, and at last only when all files are. */
  looked({ pollMs, scanMs }: Pick<Times, 'pollMs' | 'scanMs'>): void {
    const now = this.#options.now();
    const mostMs = this.hasPath ? 2 * scanMs : scanMs;
    this.lookAtMs = now + Math.min(Math.max(pollMs, (now - this.grewAtMs) / 4), mostMs);
  }

  /** Notes how large it is: if that is new it is due. */
  noteFacts({ bytes, modifiedMs }: FileFacts): void {
    if (bytes === this.#knownBytes && modifiedMs === this.#knownModifiedMs) return;
    if (bytes > this.#knownBytes && this.#knownBytes > 0) this.grewAtMs = this.#options.now();
    this.#knownBytes = bytes;
    this.#knownModifiedMs = modifiedMs;
    this.isDue = this.packing === undefined || bytes !== this.packedBytes;
  }

  *#chunks(shipments: Generator<Shipment, void, undefined>): Generator<Chunk, void, undefined> {
    for (const { lines, isOwned } of shipments)
      yield { lines, isOwned, positions: { [this.key]: this.position } };
  }
}
