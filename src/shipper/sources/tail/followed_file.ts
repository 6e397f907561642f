import { LineCutter, type Cut } from '../../../base/lines.ts';
import type { SourcePosition } from '../../../entry.ts';
import type { EntriesOfCut } from '../../entry_lines.ts';
import { asTheyAre, type Shaper, type ShaperOf } from '../../shaper.ts';
import type { Chunk } from '../../source.ts';
import { bytesAt, type Content, type FileFacts, type Packing } from './content.ts';
import { HEAD_BYTES, LAST_BYTES, hasHead, headOf, lastOf, type Place } from './fingerprint.ts';
import { factsAt, openContent } from './open_content.ts';
import type { Closable, OpenFiles } from './open_files.ts';
import { bytesBefore, recentAfter, type Recent } from './recent_bytes.ts';
import { TailError } from './tail_error.ts';
import type { Times } from './times.ts';

export interface ReadingOptions {
  /** Bytes read in one turn, but for a longer line. */
  readonly turnBytes: number;
  readonly maxLineBytes: number;
  readonly maxChunkBytes: number;
  readonly shaperOf?: ShaperOf;
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
 * or written anew) it says so and is done with. Lines that have no end yet are read again in the next turn.
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

  /** As it was when it was looked at last. */
  #knownBytes = 0;
  #knownModifiedMs = 0;
  readonly #options: ReadingOptions;
  readonly #shaper: Shaper;
  #content: Content | undefined;
  #place: Place;
  /** Up to where it is cut into lines: further than its place where the shaper holds lines back. */
  #readTo: number;
  #readPart: number;
  #recent: Recent;
  /** How much to read for a line that is longer than a turn. */
  #wanted: number;

  constructor({ key, inode, path, place, modifiedMs, packing }: Start, options: ReadingOptions) {
    this.key = key;
    this.inode = inode;
    this.path = path;
    this.packing = packing;
    const quietMs = Math.max(0, Date.now() - modifiedMs);
    this.grewAtMs = options.now() - quietMs;
    this.#options = options;
    this.#shaper = (options.shaperOf ?? asTheyAre)(path);
    this.#place = place;
    this.#readTo = place.offset;
    this.#readPart = place.part;
    this.#recent = { bytes: Buffer.alloc(0), end: place.offset };
    this.#wanted = options.turnBytes;
  }

  /** Up to where its entries are on their way. */
  get place(): Place {
    return this.#place;
  }

  get position(): SourcePosition {
    const { offset, head, headBytes, part, last } = this.#place;
    const { inode, path, packedBytes } = this;
    return {
      ...{ offset, head, headBytes, inode, last, path },
      ...(part === 0 ? {} : { part }),
      ...(packedBytes === undefined ? {} : { packedBytes }),
    };
  }

  /** The last of what was cut into lines. */
  get recent(): Recent {
    return this.#recent;
  }

  get isOpen(): boolean {
    return this.#content !== undefined;
  }

  get isLastHold(): boolean {
    return !this.hasPath;
  }

  /** True where lines were read that are in no entry yet. */
  get hasHeldLines(): boolean {
    return this.#readTo > this.#place.offset;
  }

  /** Bytes known to be there and not read: the beginning of a line. Nothing is known of a packed file. */
  get unreadBytes(): number {
    return this.packing === undefined ? Math.max(0, this.#knownBytes - this.#readTo) : 0;
  }

  /** Takes over what was opened to look at it. */
  adopt(content: Content): void {
    this.#content = content;
    this.#options.openFiles.used(this);
  }

  /** Opens it, if it is not open. Rejects with what the system says, or TailError. */
  async content(): Promise<Content> {
    if (this.#content === undefined) {
      if (!(await this.#options.openFiles.makeRoom())) throw new TailError('no_room', 'too many files are open');
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
  async isUnchanged(content: Content): Promise<boolean> {
    const { bytes: known, end } = this.#recent;
    if (!(await hasHead(content, this.#place))) return false;
    const before = Math.min(LAST_BYTES, end);
    const bytes = await bytesAt(content, end - before, before);
    if (bytes.length < before) return false;
    if (known.length >= before) return bytes.equals(known.subarray(known.length - before));
    this.#recent = { bytes, end };
    return lastOf(bytes) === this.#place.last;
  }

  /** Reads once, and yields the entries of the lines it finds. */
  async *turn(): AsyncGenerator<Chunk, Outcome, undefined> {
    const content = await this.content();
    this.noteFacts(await content.facts());
    this.isDue = false;
    const isPacked = this.packing !== undefined;
    if (!isPacked && !(await this.isUnchanged(content))) return 'changed';
    const start = this.#readTo;
    const length = isPacked ? this.#wanted : Math.min(this.#wanted, this.#knownBytes - start);
    if (length <= 0) return 'end';
    const buffer = Buffer.allocUnsafeSlow(length);
    const bytes = buffer.subarray(0, await content.readInto(buffer, 0, start));
    await this.#growHead(content);
    yield* this.#ship(bytes, false);
    const isAtEnd = bytes.length < length || (!isPacked && start + bytes.length >= this.#knownBytes);
    this.#wanted = isAtEnd || this.#readTo > start ? this.#options.turnBytes : this.#wanted * 2;
    this.isDue ||= !isAtEnd;
    return isAtEnd ? 'end' : 'more';
  }

  /**
   * Yields what is left at the end of a file that will not grow: a last line that has no newline, and what the shaper
   * holds back. False where it did grow.
   */
  async *finish(): AsyncGenerator<Chunk, boolean, undefined> {
    const content = await this.content();
    const rest = await bytesAt(content, this.#readTo, this.#options.maxLineBytes + 4);
    if ((await content.size()) !== this.#readTo + rest.length) return false;
    yield* this.#ship(rest, true);
    yield* this.flush();
    return true;
  }

  /** Yields what the shaper holds back. */
  *flush(): Generator<Chunk, void, undefined> {
    for (const entries of this.#shaper.flush(this.#options.maxChunkBytes))
      yield this.#chunk(entries, this.#recent, Buffer.alloc(0), 0);
  }

  /** A packed file was read to its end. */
  isDone(): void {
    this.packedBytes = this.#knownBytes;
    this.isDue = false;
  }

  /** Looks whether something was written to it. What the system refuses to say is found out when it is read. */
  async look({ pollMs, scanMs }: Pick<Times, 'pollMs' | 'scanMs'>): Promise<void> {
    const quietMs = this.#options.now() - this.grewAtMs;
    this.lookAtMs = this.#options.now() + Math.min(Math.max(pollMs, quietMs / 8), scanMs);
    try {
      const facts = await (this.#content?.facts() ?? factsAt(this.path));
      if (facts?.inode === this.inode) this.noteFacts(facts);
      else this.isDue = true;
    } catch {
      this.isDue = true;
    }
  }

  /** Notes how large it is: if that is new it is due. */
  noteFacts({ bytes, modifiedMs }: FileFacts): void {
    if (bytes === this.#knownBytes && modifiedMs === this.#knownModifiedMs) return;
    if (bytes > this.#knownBytes && this.#knownBytes > 0) this.grewAtMs = this.#options.now();
    this.#knownBytes = bytes;
    this.#knownModifiedMs = modifiedMs;
    this.isDue = this.packing === undefined || bytes !== this.packedBytes;
  }

  /** Nothing here may fail: what was cut is shipped. */
  *#ship(bytes: Buffer, isLast: boolean): Generator<Chunk, void, undefined> {
    const { maxLineBytes, maxChunkBytes, shaperOf } = this.#options;
    const cutter = new LineCutter(maxLineBytes, this.#readPart);
    const cuts = [...cutter.push(bytes), ...(isLast ? cutter.end() : [])];
    const before = this.#recent;
    const done = bytes.subarray(0, sum(cuts.map(lengthOf)));
    // Before anything is yielded: who ships an owned chunk gives its memory back.
    if (shaperOf === undefined) this.#recent = recentAfter(before, done);
    for (const cut of cuts) {
      this.#readTo = Math.min(this.#readTo + lengthOf(cut), before.end + bytes.length);
      this.#readPart = partOf(cut);
      const runs = [...this.#shaper.shape(cut, maxChunkBytes)];
      const isOwned = cuts.length === 1 && runs.length === 1 && shaperOf === undefined;
      for (const entries of runs) yield { ...this.#chunk(entries, before, bytes, this.#readPart), isOwned };
    }
    if (shaperOf !== undefined) this.#recent = recentAfter(before, done, this.#place.offset - LAST_BYTES);
  }

  /** A chunk with the place behind it, which is never behind what was read. */
  #chunk({ lines, sourceBytes }: EntriesOfCut, before: Recent, bytes: Buffer, part: number): Chunk {
    const offset = Math.min(this.#place.offset + sourceBytes, this.#readTo);
    const last = lastOf(bytesBefore(offset, before, bytes));
    this.#place = { ...this.#place, offset, part, last };
    return { lines, positions: { [this.key]: this.position } };
  }

  /** A file that was shorter than the head it is known by is known by more of it now. */
  async #growHead(content: Content): Promise<void> {
    if (this.#place.headBytes >= HEAD_BYTES) return;
    const head = await bytesAt(content, 0, HEAD_BYTES);
    this.#place = { ...this.#place, head: headOf(head), headBytes: head.length };
  }
}

const lengthOf = (cut: Cut): number => cut.bytes.length + (cut.kind === 'piece' && cut.isLast ? 1 : 0);
const partOf = (cut: Cut): number => (cut.kind === 'piece' && !cut.isLast ? cut.part : 0);

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
