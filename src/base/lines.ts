/** Cuts a stream of bytes into runs of whole lines, and lines over a limit into pieces. */
const NEWLINE = 0x0a;
const NOTHING = Buffer.alloc(0);

/** The cuts of a stream, put together, are its bytes again, but for the newline that ends a line cut into pieces. */
export type Cut =
  /** Whole lines, each with its newline. */
  | { readonly kind: 'lines'; readonly bytes: Buffer }
  /** Piece `part` (from 1) of a line longer than the limit; `isLast` where the line ended behind it. */
  | { readonly kind: 'piece'; readonly bytes: Buffer; readonly part: number; readonly isLast: boolean };

/** Where the text of a line begins: behind its byte order mark, with which files of some programs begin. */
export const behindMark = (bytes: Buffer, start: number): number =>
  bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf ? start + 3 : start;

export class LineCutter {
  readonly #maxLineBytes: number;
  /** A copy: the memory it was read into belongs to the lines before it. */
  #rest: Buffer = NOTHING;
  #parts: number;

  /** `parts`: how many pieces of the first line are done already. */
  constructor(maxLineBytes: number, parts = 0) {
    this.#maxLineBytes = maxLineBytes;
    this.#parts = parts;
  }

  /** Yields what `bytes` completes, in order. What is left over is held for the next call: never more than the limit. */
  *push(bytes: Buffer): Generator<Cut, void, undefined> {
    const buffer = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    this.#rest = NOTHING;
    const end = buffer.lastIndexOf(NEWLINE) + 1;
    yield* this.#lines(buffer, end);
    let rest = buffer.subarray(end);
    while (rest.length > this.#maxLineBytes) {
      const size = pieceSize(rest, this.#maxLineBytes);
      yield this.#piece(rest.subarray(0, size), false);
      rest = rest.subarray(size);
    }
    this.#rest = Buffer.from(rest);
  }

  /** How many bytes are left over. */
  get restBytes(): number {
    return this.#rest.length;
  }

  /** Moves what is left over to the start of `buffer`, for what follows it to be read in behind it and pushed with it. */
  moveRest(buffer: Buffer): void {
    this.#rest.copy(buffer);
    this.#rest = NOTHING;
  }

  /** Yields the last line, where the input ended without a newline. */
  *end(): Generator<Cut, void, undefined> {
    if (this.#rest.length > 0 || this.#parts > 0) yield* this.push(Buffer.of(NEWLINE));
  }

  *#lines(buffer: Buffer, end: number): Generator<Cut, void, undefined> {
    let from = 0;
    const mayHoldLong = this.#parts > 0 || end > this.#maxLineBytes;
    for (let start = 0; mayHoldLong && start < end;) {
      const lineEnd = buffer.indexOf(NEWLINE, start);
      if (this.#parts > 0 || lineEnd - start > this.#maxLineBytes) {
        if (start > from) yield { kind: 'lines', bytes: buffer.subarray(from, start) };
        yield* this.#pieces(buffer.subarray(start, lineEnd));
        from = lineEnd + 1;
      }
      start = lineEnd + 1;
    }
    if (from < end) yield { kind: 'lines', bytes: buffer.subarray(from, end) };
  }

  *#pieces(line: Buffer): Generator<Cut, void, undefined> {
    for (let rest = line; ;) {
      const size = pieceSize(rest, this.#maxLineBytes);
      const isLast = size === rest.length;
      yield this.#piece(rest.subarray(0, size), isLast);
      if (isLast) return;
      rest = rest.subarray(size);
    }
  }

  #piece(bytes: Buffer, isLast: boolean): Cut {
    const part = this.#parts + 1;
    this.#parts = isLast ? 0 : part;
    return { kind: 'piece', bytes, part, isLast };
  }
}

/** `max`, or up to three less, so that no UTF-8 character is cut. */
function pieceSize(bytes: Buffer, max: number): number {
  if (bytes.length <= max) return bytes.length;
  for (let size = max; size > max - 4; size -= 1) if (((bytes[size] ?? 0) & 0xc0) !== 0x80) return size;
  return max;
}
