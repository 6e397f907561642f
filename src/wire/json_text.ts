/**
 * Strict JSON (RFC 8259), looked over byte by byte: nothing is built of it, and no depth of it grows the stack. Of valid
 * UTF-8 it takes what JSON.parse takes. Written for speed, it is the hot path of plain clients: bounds are looked at
 * where a byte is read, so that none is read from behind the end.
 */
import { WireError } from './wire_error.ts';

const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const SMALL_E = 0x65;
const SMALL_U = 0x75;
const OPEN_BRACE = 0x7b;

/** From `{` to `}`, and from `[` to `]`. */
const TO_CLOSING = 2;

const bytesWhere = (isIn: (byte: number) => boolean): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, byte) => (isIn(byte) ? 1 : 0));
const bytesOf = (characters: string): Uint8Array =>
  bytesWhere((byte) => characters.includes(String.fromCharCode(byte)));

/** What stands in a string for itself. */
const IS_ITSELF = bytesWhere((byte) => byte >= SPACE && byte !== QUOTE && byte !== BACKSLASH);
const IS_ESCAPE = bytesOf('"\\/bfnrt');
const IS_HEX = bytesOf('0123456789abcdefABCDEF');

/** What is open around a value, outermost first. It is shared, as no two texts are looked over at once; where it is too short it is copied. */
const NESTING = new Uint8Array(512);

/**
 * The offset behind the value that begins at `at`. Throws WireError `not_json`, or `too_deep` where it nests deeper than
 * `maxDepth` levels. Line breaks in it become spaces: between tokens both are white space, and in strings none may be.
 */
export function valueEnd(text: Buffer, at: number, maxDepth: number): number {
  let nesting = NESTING;
  let depth = 0;
  for (;;) {
    const byte = text[at];
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (depth >= maxDepth) throw tooDeep(at);
      at = tokenAt(text, at + 1);
      if (text[at] === byte + TO_CLOSING) at += 1;
      else {
        if (depth === nesting.length) nesting = twiceAsLong(nesting);
        nesting[depth] = byte;
        depth += 1;
        if (byte === OPEN_BRACE) at = keyEnd(text, at);
        continue;
      }
    } else at = scalarEnd(text, at);
    for (; depth > 0; depth -= 1, at += 1) {
      const open = nesting[depth - 1] ?? 0;
      at = tokenAt(text, at);
      if (text[at] === COMMA) break;
      if (text[at] !== open + TO_CLOSING) throw notJson(text, at);
    }
    if (depth === 0) return at;
    at = tokenAt(text, at + 1);
    if (nesting[depth - 1] === OPEN_BRACE) at = keyEnd(text, at);
  }
}

/** The offset of the first byte at or behind `at` that is not white space. Throws `not_json` where there is none. */
export function tokenAt(text: Buffer, at: number): number {
  const token = skipSpace(text, at);
  if (token === text.length) throw notJson(text, token);
  return token;
}

/** Throws `not_json` where anything but white space follows at `at`. */
export function expectEnd(text: Buffer, at: number): void {
  const token = skipSpace(text, at);
  if (token !== text.length) throw notJson(text, token);
}

/** An error that says where, and shows what is there. */
export function notJson(text: Buffer, at: number): WireError {
  const found = at < text.length ? JSON.stringify(text.toString('utf8', at, at + 16)) : 'end';
  return new WireError('not_json', `a payload is not JSON: unexpected ${found} at byte ${at}`);
}

const tooDeep = (at: number): WireError =>
  new WireError('too_deep', `a payload nests deeper than MAX_DEPTH levels at byte ${at}`);

function skipSpace(text: Buffer, at: number): number {
  for (const { length } = text; at < length; at += 1) {
    const byte = text[at] ?? 0;
    if (byte > SPACE) return at;
    if (byte === NEWLINE || byte === RETURN) text[at] = SPACE;
    else if (byte !== SPACE && byte !== TAB) return at;
  }
  return at;
}

/** From the opening quote of a key to the first byte of its value. */
function keyEnd(text: Buffer, at: number): number {
  if (text[at] !== QUOTE) throw notJson(text, at);
  at = tokenAt(text, stringEnd(text, at));
  if (text[at] !== COLON) throw notJson(text, at);
  return tokenAt(text, at + 1);
}

function scalarEnd(text: Buffer, at: number): number {
  const byte = text[at] ?? 0;
  if (byte === QUOTE) return stringEnd(text, at);
  if (isDigit(byte) || byte === MINUS) return numberEnd(text, at);
  return wordEnd(text, at);
}

function stringEnd(text: Buffer, at: number): number {
  const { length } = text;
  for (at += 1; at < length; at += 1) {
    const byte = text[at] ?? 0;
    if (IS_ITSELF[byte] === 1) continue;
    if (byte === QUOTE) return at + 1;
    if (byte !== BACKSLASH) break;
    at = escapeEnd(text, at);
  }
  throw notJson(text, at);
}

/** The offset of the last byte of the escape that begins at `at`. */
function escapeEnd(text: Buffer, at: number): number {
  const byte = byteAt(text, at + 1);
  if (IS_ESCAPE[byte] === 1) return at + 1;
  if (byte !== SMALL_U) throw notJson(text, at);
  for (let digit = 2; digit < 6; digit += 1)
    if (IS_HEX[byteAt(text, at + digit)] !== 1) throw notJson(text, at);
  return at + 5;
}

function numberEnd(text: Buffer, at: number): number {
  if (text[at] === MINUS) at += 1;
  at = byteAt(text, at) === ZERO ? at + 1 : digitsEnd(text, at);
  if (byteAt(text, at) === POINT) at = digitsEnd(text, at + 1);
  if ((byteAt(text, at) | SPACE) !== SMALL_E) return at;
  const sign = byteAt(text, at + 1);
  return digitsEnd(text, sign === PLUS || sign === MINUS ? at + 2 : at + 1);
}

/** Behind one digit or more. */
function digitsEnd(text: Buffer, at: number): number {
  const from = at;
  while (isDigit(byteAt(text, at))) at += 1;
  if (at === from) throw notJson(text, at);
  return at;
}

const WORDS = ['true', 'false', 'null'].map((word) => Buffer.from(word));

function wordEnd(text: Buffer, at: number): number {
  for (const word of WORDS) {
    if (text[at] === word[0] && text.subarray(at, at + word.length).equals(word)) return at + word.length;
  }
  throw notJson(text, at);
}

/** Zero behind the end: no token has it. */
const byteAt = (text: Buffer, at: number): number => (at < text.length ? (text[at] ?? 0) : 0);

const isDigit = (byte: number): boolean => byte >= ZERO && byte <= NINE;

function twiceAsLong(nesting: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const longer = new Uint8Array(nesting.length * 2);
  longer.set(nesting);
  return longer;
}
