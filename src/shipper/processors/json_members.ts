/** The members of a JSON object where they lie in its bytes: nothing is parsed that nobody asks for, and nothing changed. */
import { tokenAt, valueEnd } from '../../wire/json_text.ts';
import { WireError } from '../../wire/wire_error.ts';

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const COMMA = 0x2c;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Offsets a member has in `#offsets`: from its name's opening quote, and from the first byte of its value. */
const NAME_START = 0;
const NAME_END = 1;
const VALUE_START = 2;
const VALUE_END = 3;
const OFFSETS = 4;

/** True where the text is one JSON object, with white space around it or not. */
export function isJsonObject(text: Buffer): boolean {
  try {
    const start = tokenAt(text, 0);
    return text[start] === OPEN_BRACE && isSpaceFrom(text, valueEnd(text, start, Infinity));
  } catch (error) {
    if (error instanceof WireError) return false;
    throw error;
  }
}

export class JsonMembers {
  readonly text: Buffer;
  readonly #offsets: number[];
  /** The offset of the closing brace. */
  readonly closeAt: number;

  private constructor(text: Buffer, offsets: number[], closeAt: number) {
    this.text = text;
    this.#offsets = offsets;
    this.closeAt = closeAt;
  }

  /** The members of the object that is the whole text, all of it checked; undefined where it is not one. */
  static of(text: Buffer): JsonMembers | undefined {
    try {
      const offsets: number[] = [];
      const closeAt = scan(text, offsets);
      return isSpaceFrom(text, closeAt + 1) ? new JsonMembers(text, offsets, closeAt) : undefined;
    } catch (error) {
      if (error instanceof WireError) return undefined;
      throw error;
    }
  }

  get count(): number {
    return this.#offsets.length / OFFSETS;
  }

  /** The last member of this name, as JSON.parse has it; -1 where there is none. */
  find(name: string): number {
    for (let index = this.count - 1; index >= 0; index -= 1) if (this.isNamed(index, name)) return index;
    return -1;
  }

  name(index: number): string {
    return stringOf(this.text, this.#at(index, NAME_START), this.#at(index, NAME_END));
  }

  /** The name as it is written. */
  nameJson(index: number): string {
    return this.text.toString('utf8', this.#at(index, NAME_START), this.#at(index, NAME_END));
  }

  /** Members [from, to) as they are written, with what stands between them. */
  written(from: number, to: number): string {
    return from >= to
      ? ''
      : this.text.toString('utf8', this.#at(from, NAME_START), this.#at(to - 1, VALUE_END));
  }

  /** The value as it is written. */
  json(index: number): string {
    return this.text.toString('utf8', this.#at(index, VALUE_START), this.#at(index, VALUE_END));
  }

  /** The value for people and patterns: a text without its quotes, anything else as JSON. */
  value(index: number): string {
    const start = this.#at(index, VALUE_START);
    const end = this.#at(index, VALUE_END);
    return this.text[start] === QUOTE
      ? stringOf(this.text, start, end)
      : this.text.toString('utf8', start, end);
  }

  /** The members of the value, where it is an object. */
  inside(index: number): JsonMembers | undefined {
    const start = this.#at(index, VALUE_START);
    return this.text[start] === OPEN_BRACE
      ? JsonMembers.of(this.text.subarray(start, this.#at(index, VALUE_END)))
      : undefined;
  }

  isNamed(index: number, name: string): boolean {
    const start = this.#at(index, NAME_START) + 1;
    const length = this.#at(index, NAME_END) - 1 - start;
    for (let at = 0; at < length; at += 1) {
      const byte = this.text[start + at] ?? 0;
      if (byte === BACKSLASH || byte > 0x7f) return this.name(index) === name;
      if (byte !== name.charCodeAt(at)) return false;
    }
    return length === name.length;
  }

  #at(index: number, which: number): number {
    return this.#offsets[index * OFFSETS + which] ?? 0;
  }
}

/** Puts the offsets of every member behind `offsets`; the answer is where the closing brace is. Throws WireError where it is not an object. */
function scan(text: Buffer, offsets: number[]): number {
  const start = tokenAt(text, 0);
  if (text[start] !== OPEN_BRACE) throw notAnObject();
  let at = tokenAt(text, start + 1);
  if (text[at] === CLOSE_BRACE) return at;
  for (;;) {
    if (text[at] !== QUOTE) throw notAnObject();
    const nameEnd = valueEnd(text, at, Infinity);
    const colon = tokenAt(text, nameEnd);
    if (text[colon] !== 0x3a) throw notAnObject();
    const valueStart = tokenAt(text, colon + 1);
    const end = valueEnd(text, valueStart, Infinity);
    offsets.push(at, nameEnd, valueStart, end);
    at = tokenAt(text, end);
    if (text[at] === CLOSE_BRACE) return at;
    if (text[at] !== COMMA) throw notAnObject();
    at = tokenAt(text, at + 1);
  }
}

const notAnObject = (): WireError => new WireError('not_json', 'not a JSON object');

function isSpaceFrom(text: Buffer, at: number): boolean {
  for (; at < text.length; at += 1) if (![0x20, 0x09, 0x0d, 0x0a].includes(text[at] ?? 0)) return false;
  return true;
}

/** A JSON string, from its opening quote to behind its closing one, as text. */
function stringOf(text: Buffer, start: number, end: number): string {
  const inside = text.toString('utf8', start + 1, end - 1);
  return inside.includes('\\') ? (JSON.parse(`"${inside}"`) as string) : inside;
}
