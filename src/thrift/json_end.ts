import { ThriftError } from './thrift_error.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Finds the end of a JSON array, looking at each byte once however they arrive. What is inside is not looked at. */
export class JsonEnd {
  #depth = 0;
  #isInString = false;
  #isEscaped = false;

  /** The offset behind the closing bracket, or -1 where it is not in bytes [at, end): then it goes on from `end`. */
  scan(bytes: Buffer, at: number, end: number): number {
    for (; at < end; at += 1) {
      const byte = bytes[at] ?? 0;
      if (this.#isInString) this.#inString(byte);
      else if (byte === QUOTE) this.#isInString = true;
      else if (byte === OPEN_BRACKET || byte === OPEN_BRACE) this.#depth += 1;
      else if (byte === CLOSE_BRACKET || byte === CLOSE_BRACE) {
        this.#depth -= 1;
        if (this.#depth === 0) return at + 1;
        if (this.#depth < 0)
          throw new ThriftError('bad_message', 'a bracket is closed that was never opened');
      }
    }
    return -1;
  }

  #inString(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === BACKSLASH) this.#isEscaped = true;
    else if (byte === QUOTE) this.#isInString = false;
  }
}
