/** A line, or several that are one entry, where it lies in its cut: its text is made when somebody asks for it. */
import { isAscii, isUtf8 } from 'node:buffer';
import { behindMark } from '../../base/lines.ts';

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** The bytes of a cut, and what is known of all of them. */
export class CutText {
  readonly bytes: Buffer;
  readonly isUtf8: boolean;
  /** Undefined before it is asked for, null where it does not have one character a byte. */
  #ascii: string | null | undefined;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.isUtf8 = isUtf8(bytes);
  }

  slice(start: number, end: number): string {
    this.#ascii ??= isAscii(this.bytes) ? this.bytes.toString('latin1') : null;
    return this.#ascii === null ? this.bytes.toString('utf8', start, end) : this.#ascii.slice(start, end);
  }
}

export class Line {
  readonly #cut: CutText;
  /** Offsets in the cut, without a byte order mark at its beginning and the line break at the end. */
  readonly start: number;
  readonly end: number;
  readonly count: number;
  #text: string | undefined;

  /** `end` is behind the newline; `count` is how many lines it is made of. */
  constructor(cut: CutText, start: number, end: number, count: number) {
    this.#cut = cut;
    this.start = behindMark(cut.bytes, start);
    this.end = withoutBreak(cut.bytes, this.start, end);
    this.count = count;
  }

  get bytes(): Buffer {
    return this.#cut.bytes.subarray(this.start, this.end);
  }

  get isUtf8(): boolean {
    return this.#cut.isUtf8 || isUtf8(this.bytes);
  }

  get text(): string {
    return (this.#text ??= this.#cut.slice(this.start, this.end));
  }

  /** Makes the text now: looking for JSON turns line breaks in the bytes into spaces. */
  keepText(): void {
    this.#text ??= this.#cut.slice(this.start, this.end);
  }

  get isBlank(): boolean {
    const { bytes } = this.#cut;
    for (let at = this.start; at < this.end; at += 1) if (!isSpace(bytes[at] ?? 0)) return false;
    return true;
  }

  /** True where it is `{…}`, with white space around it or not. */
  get isBraced(): boolean {
    const { bytes } = this.#cut;
    let { start, end } = this;
    while (start < end && isSpace(bytes[start] ?? 0)) start += 1;
    while (end > start && isSpace(bytes[end - 1] ?? 0)) end -= 1;
    return end - start >= 2 && bytes[start] === 0x7b && bytes[end - 1] === 0x7d;
  }
}

const isSpace = (byte: number): boolean =>
  byte === 0x20 || byte === 0x09 || byte === NEWLINE || byte === RETURN;

/** Several lines may have several breaks at their end: blank ones. */
function withoutBreak(bytes: Buffer, start: number, end: number): number {
  while (end > start && (bytes[end - 1] === NEWLINE || bytes[end - 1] === RETURN)) end -= 1;
  return end;
}
