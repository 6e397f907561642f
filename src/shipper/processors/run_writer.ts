/** Entries to runs. What stays as it is, is copied only where something before it changed, or little of the cut is left. */
import type { EntriesOfCut } from '../entry_lines.ts';
import type { Written } from './draft.ts';

const NEWLINE = 0x0a;
const NOTHING = Buffer.alloc(0);

export class RunWriter {
  readonly #source: Buffer;
  readonly #maxBytes: number;
  #out: Buffer = NOTHING;
  #used = 0;
  /** A stretch of the source that belongs behind what is in `#out`. */
  #from = 0;
  #to = 0;
  #count = 0;
  #sourceBytes = 0;

  constructor(source: Buffer, maxBytes: number) {
    this.#source = source;
    this.#maxBytes = maxBytes;
  }

  /** Adds the entry that lies at [start, end) of the source, newline included. The answer is the run before it, where it is full. */
  add(written: Written, start: number, end: number): EntriesOfCut | undefined {
    const size = sizeOf(written, end - start);
    const isFull = this.#count > 0 && this.#used + this.#to - this.#from + size > this.#maxBytes;
    const full = isFull ? this.take() : undefined;
    this.#count += 1;
    this.#sourceBytes += end - start;
    if (written.kind === 'as_is') this.#keep(start, end);
    else if (written.kind === 'spliced') this.#splice(start, start + written.closeAt, written.rest, size);
    else this.#write(written.json, size);
    return full;
  }

  /** Counts bytes of the source that give no entry. */
  skip(sourceBytes: number): void {
    this.#sourceBytes += sourceBytes;
  }

  get isEmpty(): boolean {
    return this.#sourceBytes === 0;
  }

  /** The run so far; the next one begins. */
  take(): EntriesOfCut {
    const run = { lines: { bytes: this.#bytes(), count: this.#count }, sourceBytes: this.#sourceBytes };
    this.#out = NOTHING;
    this.#used = this.#count = this.#sourceBytes = this.#from = this.#to = 0;
    return run;
  }

  #bytes(): Buffer {
    if (this.#used === 0 && (this.#to - this.#from) * 2 > this.#source.length)
      return this.#source.subarray(this.#from, this.#to);
    this.#copyStretch();
    return this.#used * 2 > this.#out.length
      ? this.#out.subarray(0, this.#used)
      : copyOf(this.#out, this.#used);
  }

  #keep(start: number, end: number): void {
    if (start !== this.#to) {
      this.#copyStretch();
      this.#from = start;
    }
    this.#to = end;
  }

  #splice(start: number, closeAt: number, rest: string, size: number): void {
    this.#keep(start, closeAt);
    this.#copyStretch();
    this.#write(rest, size);
  }

  #write(text: string, size: number): void {
    this.#copyStretch();
    this.#makeRoom(size);
    this.#used += this.#out.write(text, this.#used);
    this.#out[this.#used] = NEWLINE;
    this.#used += 1;
  }

  #copyStretch(): void {
    const length = this.#to - this.#from;
    if (length === 0) return;
    this.#makeRoom(length);
    this.#source.copy(this.#out, this.#used, this.#from, this.#to);
    this.#used += length;
    this.#from = this.#to;
  }

  /** The first time, about as much as the source takes: entries grow a little. */
  #makeRoom(bytes: number): void {
    const needed = this.#used + bytes;
    if (needed <= this.#out.length) return;
    const usual = Math.min(this.#maxBytes, Math.ceil(this.#source.length * 1.25));
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, usual, this.#out.length * 2));
    this.#out.copy(larger, 0, 0, this.#used);
    this.#out = larger;
  }
}

/** At least as much as it takes: a character takes up to three bytes for each of its units. */
function sizeOf(written: Written, length: number): number {
  if (written.kind === 'as_is') return length;
  if (written.kind === 'spliced') return length + written.rest.length * 3 + 1;
  return isLong(written.json) ? Buffer.byteLength(written.json) + 1 : written.json.length * 3 + 1;
}

const isLong = (text: string): boolean => text.length > 4096;

const copyOf = (bytes: Buffer, length: number): Buffer =>
  length === 0 ? NOTHING : Buffer.from(bytes.subarray(0, length));
