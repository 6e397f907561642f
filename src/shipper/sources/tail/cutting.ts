import { LineCutter, type Cut } from '../../../base/lines.ts';
import type { EntriesOfCut } from '../../entry_lines.ts';
import { asTheyAre, type Shaper, type ShaperOf } from '../../shaper.ts';
import { bytesAt, type Content } from './content.ts';
import { HEAD_BYTES, LAST_BYTES, headOf, lastOf, startsAs, type Place } from './fingerprint.ts';
import { bytesBefore, recentAfter, shortened, type Recent } from './recent_bytes.ts';

export interface CuttingOptions {
  readonly maxLineBytes: number;
  readonly maxChunkBytes: number;
  readonly shaperOf?: ShaperOf;
}

/** Entries, and where their file stands behind them. */
export interface Shipment {
  readonly lines: EntriesOfCut['lines'];
  readonly place: Place;
  /** True where nothing else uses the memory of the lines. */
  readonly isOwned: boolean;
}

/** Cuts the bytes of one file into entries, and knows its place. Lines that have no end yet are to be read again. */
export class Cutting {
  readonly #options: CuttingOptions;
  readonly #shaper: Shaper;
  #place: Place;
  #readTo: number;
  #readPart: number;
  #recent: Recent;
  #hole = 0;

  constructor(path: string, place: Place, options: CuttingOptions) {
    this.#options = options;
    this.#shaper = (options.shaperOf ?? asTheyAre)(path);
    this.#place = place;
    this.#readTo = place.offset;
    this.#readPart = place.part;
    this.#recent = { bytes: Buffer.alloc(0), end: place.offset };
  }

  /** Up to where its entries are on their way. */
  get place(): Place {
    return this.#place;
  }

  /** Up to where it is cut into lines: further than its place where the shaper holds lines back. */
  get readTo(): number {
    return this.#readTo;
  }

  /** True where lines were read that are in no entry yet. */
  get hasHeldLines(): boolean {
    return this.#readTo > this.#doneTo;
  }

  /** The last of what was cut into lines. */
  get recent(): Recent {
    return this.#recent;
  }

  /**
   * Zeros that the file begins with, where it was read from its start: what a writer that does not append leaves when its
   * file is cut. They are left out, and are in the place of the first entry behind them.
   */
  get hole(): number {
    return this.#hole;
  }

  /**
   * True where what was read of it is still there, with the first of `next`, bytes read behind that. A file that was shorter
   * than the head it is known by is known by more of it then.
   */
  async isOf(content: Content, next: Buffer = Buffer.alloc(0)): Promise<boolean> {
    const { bytes: known, end } = this.#recent;
    const head = await bytesAt(content, 0, HEAD_BYTES);
    if (!startsAs(head, this.#place)) return false;
    const behind = next.subarray(0, Math.max(0, HEAD_BYTES - this.#readTo));
    if (!head.subarray(this.#readTo, this.#readTo + behind.length).equals(behind)) return false;
    const before = Math.min(LAST_BYTES, end);
    const bytes = await bytesAt(content, end - before, before);
    if (bytes.length < before) return false;
    if (known.length < before) {
      if (lastOf(bytes) !== this.#place.last) return false;
      this.#recent = { bytes, end };
    } else if (!bytes.equals(known.subarray(known.length - before))) return false;
    this.startsWith(head.subarray(0, this.#readTo + behind.length));
    return true;
  }

  /** Notes its first bytes, where more of them are there than it is known by. */
  startsWith(head: Buffer): void {
    if (head.length > this.#place.headBytes)
      this.#place = { ...this.#place, head: headOf(head), headBytes: head.length };
  }

  /** The entries of bytes read at `readTo`; where they are the last a line at their end needs no newline. */
  *push(bytes: Buffer, isLast: boolean): Generator<Shipment, void, undefined> {
    const { maxLineBytes, maxChunkBytes, shaperOf } = this.#options;
    const cutter = new LineCutter(maxLineBytes, this.#readPart);
    const zeros = this.#zerosIn(bytes);
    const cuts = [...cutter.push(bytes.subarray(zeros)), ...(isLast ? cutter.end() : [])];
    const before = this.#recent;
    const done = bytes.subarray(0, zeros + sum(cuts.map(lengthOf)));
    this.#hole += zeros;
    this.#readTo += zeros;
    // Before anything is yielded: who ships what is owned gives its memory back.
    if (shaperOf === undefined) this.#recent = recentAfter(before, done);
    for (const cut of cuts) {
      this.#readTo = Math.min(this.#readTo + lengthOf(cut), before.end + bytes.length);
      this.#readPart = partOf(cut);
      const runs = [...this.#shaper.shape(cut, maxChunkBytes)];
      const isOwned = cuts.length === 1 && runs.length === 1 && shaperOf === undefined;
      for (const run of runs) yield this.#shipment(run, before, bytes, { part: this.#readPart, isOwned });
    }
    if (shaperOf !== undefined) this.#recent = recentAfter(before, done, this.#doneTo - LAST_BYTES);
  }

  /** Lets go of what only tells a copy that has less than was read: none is in the making. */
  rest(): void {
    if (this.#recent.bytes.length > LAST_BYTES)
      this.#recent = shortened(this.#recent, this.#doneTo - LAST_BYTES);
  }

  /** What the shaper holds back. */
  *flush(): Generator<Shipment, void, undefined> {
    for (const run of this.#shaper.flush(this.#options.maxChunkBytes))
      yield this.#shipment(run, this.#recent, Buffer.alloc(0), { part: 0, isOwned: false });
  }

  /** Those of the hole that these bytes go on with. One zero alone is none: text in UTF-16 may begin with it. */
  #zerosIn(bytes: Buffer): number {
    if (this.#readTo > this.#hole) return 0;
    let zeros = 0;
    while (bytes[zeros] === 0) zeros += 1;
    return this.#hole + zeros > 1 ? zeros : 0;
  }

  get #doneTo(): number {
    return Math.max(this.#place.offset, this.#hole);
  }

  /** With the place behind it, which is never behind what was read. */
  #shipment(
    { lines, sourceBytes }: EntriesOfCut,
    before: Recent,
    bytes: Buffer,
    { part, isOwned }: { part: number; isOwned: boolean },
  ): Shipment {
    const offset = Math.min(this.#doneTo + sourceBytes, this.#readTo);
    this.#place = { ...this.#place, offset, part, last: lastOf(bytesBefore(offset, before, bytes)) };
    return { lines, place: this.#place, isOwned };
  }
}

const lengthOf = (cut: Cut): number => cut.bytes.length + (cut.kind === 'piece' && cut.isLast ? 1 : 0);
const partOf = (cut: Cut): number => (cut.kind === 'piece' && !cut.isLast ? cut.part : 0);
const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
