/**
 * The payload of a PLAIN frame: a UTF-8 JSON array of entries. Between it and NDJSON the text of each entry is moved,
 * never parsed and printed again: `1.0`, `12345678901234567890` and the order of keys stay as they were sent.
 *
 * What makes that possible: inside a JSON text a raw newline can only be white space, so `}\n{` and `},{` differ in
 * nothing but the separator.
 */
import { isUtf8 } from 'node:buffer';
import type { Lines } from '../entry.ts';
import { WireError } from './wire_error.ts';

const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const CLOSE_BRACE = 0x7d;

export interface PlainLimits {
  readonly maxEntryBytes: number;
  /** How deep it may nest, the outer array counted in. */
  readonly maxDepth: number;
}

export interface PlainPayload {
  readonly entries: Lines;
  /** The text of each element that is not an object. */
  readonly rejected: readonly string[];
  /** The text of each entry that is longer than it may be. */
  readonly tooLarge: readonly string[];
}

/**
 * Splits a payload into NDJSON. Throws WireError `not_utf8`, `too_deep`, `not_json` or `not_an_array`; an element that
 * is not an object, or too long, is set aside, the others are kept.
 */
export function decodePlain(
  payload: Buffer,
  { maxEntryBytes, maxDepth }: PlainLimits = { maxEntryBytes: Infinity, maxDepth: Infinity },
): PlainPayload {
  if (!isUtf8(payload)) throw new WireError('not_utf8', 'a PLAIN payload is not UTF-8');
  if (isDeeperThan(payload, maxDepth))
    throw new WireError('too_deep', `a PLAIN payload nests deeper than ${maxDepth} levels (MAX_DEPTH)`);
  let elements: unknown;
  try {
    elements = JSON.parse(payload.toString('utf8'));
  } catch (cause) {
    throw new WireError(
      'not_json',
      `a PLAIN payload is not JSON: ${(cause as Error).message.slice(0, 120)}`,
      { cause },
    );
  }
  if (!Array.isArray(elements))
    throw new WireError('not_an_array', 'a PLAIN payload is JSON, but not an array of entries');
  return splitArray(onOneLine(payload), elements.length, maxEntryBytes);
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

/** The text with line breaks turned into spaces: outside strings they are white space, and inside JSON does not allow them. */
function onOneLine(text: Buffer): Buffer {
  if (!text.includes(NEWLINE) && !text.includes(RETURN)) return text;
  const copy = Buffer.from(text);
  for (const lineBreak of [NEWLINE, RETURN]) {
    for (let at = copy.indexOf(lineBreak); at !== -1; at = copy.indexOf(lineBreak, at + 1)) copy[at] = SPACE;
  }
  return copy;
}

/** Cuts the text of a valid JSON array at its top-level commas. Written as one loop over bytes: it is the hot path of plain clients. */
function splitArray(text: Buffer, length: number, maxEntryBytes: number): PlainPayload {
  const out = Buffer.allocUnsafe(text.length + 1);
  const rejected: string[] = [];
  const tooLarge: string[] = [];
  let count = 0;
  let fill = 0;
  let at = text.indexOf(OPEN_BRACKET) + 1;
  for (let element = 0; element < length; element += 1) {
    const start = skipSpace(text, at);
    const end = elementEnd(text, start);
    at = end + 1;
    if (text[start] !== OPEN_BRACE) {
      rejected.push(text.toString('utf8', start, end).trimEnd());
      continue;
    }
    const last = lastOf(text, end);
    if (last - start > maxEntryBytes) {
      tooLarge.push(text.toString('utf8', start, last));
      continue;
    }
    fill += text.copy(out, fill, start, last);
    out[fill] = NEWLINE;
    fill += 1;
    count += 1;
  }
  return { entries: { bytes: out.subarray(0, fill), count }, rejected, tooLarge };
}

/** True where brackets and braces outside of strings nest deeper; the text need not be JSON. Before anything is built of it. */
function isDeeperThan(text: Buffer, maxDepth: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const byte = text[at];
    if (byte === QUOTE) at = stringEnd(text, at);
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth += 1;
      if (depth > maxDepth) return true;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth -= 1;
  }
  return false;
}

/** The offset of the comma or bracket that ends the element which begins at `at`. */
function elementEnd(text: Buffer, at: number): number {
  let depth = 0;
  for (; at < text.length; at += 1) {
    const byte = text[at];
    if (byte === QUOTE) at = stringEnd(text, at);
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      if (depth === 0) return at;
      depth -= 1;
    } else if (byte === COMMA && depth === 0) return at;
  }
  return at;
}

/** The offset of the quote that closes the string which opens at `at`. */
function stringEnd(text: Buffer, at: number): number {
  const near = Math.min(text.length, at + NEAR_BYTES);
  let end = at + 1;
  for (; end < near; end += 1) {
    const byte = text[end];
    if (byte === QUOTE) return end;
    if (byte === BACKSLASH) end += 1;
  }
  return end < text.length ? farStringEnd(text, end) : text.length;
}

/** Strings longer than this are searched by the system, which is faster, and slower for short ones. */
const NEAR_BYTES = 64;

/** As `stringEnd`, from inside a string. A quote behind an odd number of backslashes is part of it. */
function farStringEnd(text: Buffer, from: number): number {
  for (let at = from; ;) {
    const quote = text.indexOf(QUOTE, at);
    if (quote === -1) return text.length;
    let backslashes = 0;
    while (quote - backslashes > at && text[quote - backslashes - 1] === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return quote;
    at = quote + 1;
  }
}

function skipSpace(text: Buffer, at: number): number {
  while (isSpace(text[at])) at += 1;
  return at;
}

/** `end` moved back over white space. */
function lastOf(text: Buffer, end: number): number {
  while (isSpace(text[end - 1])) end -= 1;
  return end;
}

const isSpace = (byte: number | undefined): boolean => byte === SPACE || byte === TAB;
