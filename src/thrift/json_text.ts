import { ThriftError } from './thrift_error.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SMALL_U = 0x75;

/** What follows a backslash, and what it stands for. */
const ESCAPES = new Map(
  Object.entries({ '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }).map(
    ([letter, meaning]) => [letter.charCodeAt(0), meaning.charCodeAt(0)],
  ),
);

const isSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** What ends a number. */
const isDelimiter = (byte: number | undefined): boolean =>
  byte === undefined || isSpace(byte) || ',:]}"'.includes(String.fromCharCode(byte));

/** Takes a JSON text apart, token by token. Each of its methods throws ThriftError `bad_message` where the text says something else. */
export class JsonText {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get at(): number {
    return this.#at;
  }

  /** True, and steps over it, where this character comes next. */
  takes(character: string): boolean {
    while (isSpace(this.#bytes[this.#at])) this.#at += 1;
    if (this.#bytes[this.#at] !== character.charCodeAt(0)) return false;
    this.#at += 1;
    return true;
  }

  expect(character: string): void {
    if (!this.takes(character)) throw this.wrong(`'${character}' is expected`);
  }

  /** A number or word, as it is written; in quotes or not, as keys of maps and NaN are. */
  scalar(): string {
    const isQuoted = this.takes('"');
    const start = this.#at;
    while (!isDelimiter(this.#bytes[this.#at])) this.#at += 1;
    const text = this.#bytes.toString('latin1', start, this.#at);
    if (isQuoted) this.expect('"');
    return text;
  }

  integer(bits: number): bigint {
    const text = this.scalar();
    if (!/^-?\d{1,20}$/.test(text)) throw this.wrong('a whole number is expected');
    const value = BigInt(text);
    if (BigInt.asIntN(bits, value) !== value) throw this.wrong(`${text} is no number of ${bits} bits`);
    return value;
  }

  double(): number {
    const text = this.scalar();
    const isNumber = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) || /^(NaN|-?Infinity)$/.test(text);
    if (!isNumber) throw this.wrong('a number is expected');
    return Number(text);
  }

  /** The bytes of a string, its escapes resolved. A half of a surrogate pair makes bytes that are no UTF-8. */
  string(): Buffer {
    this.expect('"');
    const bytes = this.#bytes;
    const start = this.#at;
    const end = this.#stringEnd();
    this.#at = end + 1;
    const first = bytes.indexOf(BACKSLASH, start);
    return first === -1 || first >= end ? bytes.subarray(start, end) : this.#unescaped(start, end);
  }

  wrong(what: string): ThriftError {
    return new ThriftError('bad_message', `not Thrift's JSON at byte ${this.#at}: ${what}`);
  }

  #stringEnd(): number {
    const bytes = this.#bytes;
    for (let at = this.#at; at < bytes.length; at += 1) {
      if (bytes[at] === QUOTE) return at;
      if (bytes[at] === BACKSLASH) at += 1;
    }
    throw this.wrong('a string does not end');
  }

  /** What is written with escapes is never shorter than what it stands for. */
  #unescaped(start: number, end: number): Buffer {
    const bytes = this.#bytes;
    const out = Buffer.allocUnsafeSlow(end - start);
    let fill = 0;
    for (let at = start; at < end; at += 1) {
      const byte = bytes[at] ?? 0;
      if (byte !== BACKSLASH) {
        out[fill++] = byte;
        continue;
      }
      at += 1;
      if (bytes[at] === SMALL_U) {
        const isPair = /^\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}$/i.test(
          bytes.toString('latin1', at - 1, at + 11),
        );
        const units = isPair ? [this.#unit(at + 1), this.#unit(at + 7)] : [this.#unit(at + 1)];
        fill += writeUnits(out, fill, units);
        at += isPair ? 10 : 4;
      } else {
        const meaning = ESCAPES.get(bytes[at] ?? 0);
        if (meaning === undefined) throw this.wrong('an escape that JSON does not have');
        out[fill++] = meaning;
      }
    }
    return out.subarray(0, fill);
  }

  #unit(at: number): number {
    const digits = this.#bytes.toString('latin1', at, at + 4);
    if (!/^[0-9a-f]{4}$/i.test(digits)) throw this.wrong('\\u is followed by four hexadecimal digits');
    return Number.parseInt(digits, 16);
  }
}

/** Writes a code unit, or the two of a pair, as UTF-8; answers how many bytes that took. */
function writeUnits(out: Buffer, at: number, units: readonly number[]): number {
  const [unit = 0] = units;
  const isHalf = units.length === 1 && unit >= 0xd800 && unit < 0xe000;
  if (!isHalf) return out.write(String.fromCharCode(...units), at, 'utf8');
  out[at] = 0xe0 | (unit >> 12);
  out[at + 1] = 0x80 | ((unit >> 6) & 0x3f);
  out[at + 2] = 0x80 | (unit & 0x3f);
  return 3;
}
