import { isUtf8 } from 'node:buffer';
import { ThriftError } from './thrift_error.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const ZERO = 0x30;

/** 1 for the bytes that stand for themselves in a JSON string, whatever is around them. */
const IS_PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);

/** What a byte becomes that a string can't hold as it is; undefined for all others. */
const ESCAPES: readonly (string | undefined)[] = Array.from({ length: 256 }, (_, byte) =>
  byte < 0x20 || byte === QUOTE || byte === BACKSLASH
    ? JSON.stringify(String.fromCharCode(byte)).slice(1, -1)
    : undefined,
);

const LEAST_BYTES = 64 * 1024;

/** Its buffer is used again up to this size. */
const KEPT_BYTES = 128 * 1024;

/** The longest of a number. */
const NUMBER_BYTES = 32;

/** Numbers are written in two halves of so many digits: within them arithmetic is that of small integers. */
const HALF = 10_000_000;
const HALF_DIGITS = 7;

/** Writes JSON, byte by byte, out of bytes: no text is made on the way. */
export class JsonLines {
  readonly #maxBytes: number;
  #bytes = Buffer.allocUnsafeSlow(LEAST_BYTES);
  #fill = 0;

  /** More than `maxBytes` are refused with a ThriftError: what a message says in a byte may take many here. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get length(): number {
    return this.#fill;
  }

  /** What was written. It holds until something is written again, or, where it is longer than 128 KiB, for good. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#fill);
    if (this.#fill > KEPT_BYTES) this.#bytes = Buffer.allocUnsafeSlow(LEAST_BYTES);
    this.#fill = 0;
    return taken;
  }

  /** Forgets what was written. */
  clear(): void {
    this.take();
  }

  /** Takes the last bytes back. */
  unwrite(length: number): void {
    this.#fill -= length;
  }

  /** Text that is JSON already, ASCII. */
  ascii(text: string): void {
    const { length } = text;
    const at = this.#reserve(length);
    const bytes = this.#bytes;
    for (let n = 0; n < length; n += 1) bytes[at + n] = text.charCodeAt(n);
  }

  /** A string. False where bytes [start, end) are no UTF-8; nothing is written then. */
  string(source: Buffer, start: number, end: number): boolean {
    const first = this.#reserve(end - start + 2);
    const bytes = this.#bytes;
    let fill = first;
    bytes[fill++] = QUOTE;
    let at = start;
    for (; at < end; at += 1) {
      const byte = source[at] ?? 0;
      if (IS_PLAIN[byte] === 0) break;
      bytes[fill++] = byte;
    }
    this.#fill = fill;
    if (at < end && !this.#rest(source, at, end)) {
      this.#fill = first;
      return false;
    }
    this.#bytes[this.#fill++] = QUOTE;
    return true;
  }

  integer(value: number | bigint): void {
    if (typeof value === 'bigint') this.ascii(String(value));
    else this.#number(value);
  }

  /** Of a string, from its first byte that is not plain; room for one byte more is left behind it. */
  #rest(source: Buffer, start: number, end: number): boolean {
    if (!isUtf8(source.subarray(start, end))) return false;
    for (let at = start; at < end; at += 1) {
      const byte = source[at] ?? 0;
      const escape = ESCAPES[byte];
      if (escape === undefined) this.#bytes[this.#fill++] = byte;
      else {
        this.ascii(escape);
        this.#expectRoom(end - at);
      }
    }
    return true;
  }

  #number(value: number): void {
    this.#expectRoom(NUMBER_BYTES);
    if (value < 0) this.#bytes[this.#fill++] = MINUS;
    const size = Math.abs(value);
    const high = Math.floor(size / HALF);
    if (high > 0) this.#digits(high, 1);
    this.#digits(size - high * HALF, high > 0 ? HALF_DIGITS : 1);
  }

  /** A number that fits into 31 bits, with zeros before it up to so many digits. */
  #digits(value: number, least: number): void {
    let count = least;
    for (let limit = 10 ** least; limit <= value; limit *= 10) count += 1;
    const bytes = this.#bytes;
    let rest = value | 0;
    for (let at = this.#fill + count - 1; at >= this.#fill; at -= 1) {
      const next = (rest / 10) | 0;
      bytes[at] = ZERO + rest - next * 10;
      rest = next;
    }
    this.#fill += count;
  }

  /** Room for so many bytes more, which are written now; answers where they go. */
  #reserve(length: number): number {
    this.#expectRoom(length);
    const at = this.#fill;
    this.#fill += length;
    return at;
  }

  #expectRoom(length: number): void {
    const needed = this.#fill + length;
    // The buffer may be larger than what is allowed.
    if (needed > this.#maxBytes)
      throw new ThriftError(
        'refused',
        `the entries of the call take more than ${this.#maxBytes} bytes as JSON (MAX_BATCH_BYTES)`,
      );
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#fill);
    this.#bytes = larger;
  }
}
