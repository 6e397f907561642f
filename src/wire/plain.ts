/**
 * The payload of a PLAIN frame: a UTF-8 JSON array of entries. Between it and NDJSON the text of each entry is moved,
 * never parsed and printed again: `1.0`, `12345678901234567890` and the order of keys stay as they were sent.
 *
 * What makes that possible: inside a JSON text a raw newline can only be white space, so `}\n{` and `},{` differ in
 * nothing but the separator.
 */
import { isUtf8 } from 'node:buffer';
import type { Lines } from '../entry.ts';
import { expectEnd, notJson, tokenAt, valueEnd } from './json_text.ts';
import { WireError } from './wire_error.ts';

const NEWLINE = 0x0a;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

export interface PlainLimits {
  readonly maxEntryBytes: number;
  /** How deep it may nest, the outer array counted in. */
  readonly maxDepth: number;
}

/** JSON texts, each on one line that ends with a newline. */
export interface Texts {
  readonly bytes: Buffer;
  readonly count: number;
}

export interface PlainPayload {
  readonly entries: Lines;
  /** The elements that are not objects. */
  readonly rejected: Texts;
  /** The entries that are longer than they may be. */
  readonly tooLarge: Texts;
}

/**
 * Splits a payload into NDJSON. Throws WireError `not_utf8`, `too_deep`, `not_json` or `not_an_array`; an element that
 * is not an object, or too long, is set aside, the others are kept. The payload is used up: the entries are moved
 * together within it, so that in most cases none is copied, and in none it costs more than its length again.
 */
export function decodePlain(
  payload: Buffer,
  limits: PlainLimits = { maxEntryBytes: Infinity, maxDepth: Infinity },
): PlainPayload {
  if (!isUtf8(payload)) throw new WireError('not_utf8', 'a PLAIN payload is not UTF-8');
  const at = tokenAt(payload, 0);
  if (payload[at] === OPEN_BRACKET) return splitArray(payload, at + 1, limits);
  expectEnd(payload, valueEnd(payload, at, limits.maxDepth));
  throw new WireError('not_an_array', 'a PLAIN payload is JSON, but not an array of entries');
}

/** NDJSON lines as a JSON array: each newline becomes a comma. The lines must be JSON, each ended by a newline. */
export function encodePlain(lines: Buffer): Buffer {
  const array = Buffer.allocUnsafe(lines.length + 1 + (lines.length === 0 ? 1 : 0));
  array[0] = OPEN_BRACKET;
  lines.copy(array, 1);
  for (let at = lines.indexOf(NEWLINE); at !== -1; at = lines.indexOf(NEWLINE, at + 1)) array[at + 1] = COMMA;
  array[array.length - 1] = CLOSE_BRACKET;
  return array;
}

/** Cuts an array at its commas, from behind its bracket on. */
function splitArray(text: Buffer, from: number, { maxEntryBytes, maxDepth }: PlainLimits): PlainPayload {
  const entries = new LineBuffer(text, from);
  const rejected = new LineBuffer();
  const tooLarge = new LineBuffer();
  let at = tokenAt(text, from);
  let isAtEnd = text[at] === CLOSE_BRACKET;
  while (!isAtEnd) {
    const start = tokenAt(text, at);
    const isObject = text[start] === OPEN_BRACE;
    const end = valueEnd(text, start, maxDepth - 1);
    at = tokenAt(text, end);
    isAtEnd = text[at] === CLOSE_BRACKET;
    if (!isAtEnd && text[at] !== COMMA) throw notJson(text, at);
    if (!isAtEnd) at += 1;
    if (!isObject) rejected.add(text, start, end);
    else if (end - start > maxEntryBytes) tooLarge.add(text, start, end);
    else entries.add(text, start, end);
  }
  expectEnd(text, at + 1);
  return { entries: entries.lines, rejected: rejected.lines, tooLarge: tooLarge.lines };
}

/** Shorter pieces are copied faster by hand than by the system. */
const SHORT_BYTES = 32;

/** Lines moved together: within the text they come from, or where that is not given in a buffer of their own. */
class LineBuffer {
  #bytes: Buffer | undefined;
  readonly #from: number;
  #fill: number;
  #count = 0;

  constructor(bytes?: Buffer, from = 0) {
    this.#bytes = bytes;
    this.#from = from;
    this.#fill = from;
  }

  /** Adds bytes [start, end) of `text`; of the text one byte behind them may be lost. */
  add(text: Buffer, start: number, end: number): void {
    const bytes = (this.#bytes ??= Buffer.allocUnsafe(text.length - start));
    const fill = this.#fill;
    if (bytes === text) {
      if (fill !== start) bytes.copyWithin(fill, start, end);
    } else if (end - start < SHORT_BYTES) {
      for (let at = start; at < end; at += 1) bytes[fill + at - start] = text[at] ?? 0;
    } else text.copy(bytes, fill, start, end);
    this.#fill = fill + end - start + 1;
    bytes[this.#fill - 1] = NEWLINE;
    this.#count += 1;
  }

  get lines(): Texts {
    return { bytes: this.#bytes?.subarray(this.#from, this.#fill) ?? NOTHING, count: this.#count };
  }
}

const NOTHING = Buffer.alloc(0);
