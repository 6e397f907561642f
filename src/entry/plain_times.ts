/**
 * Times in the forms that most loggers write, read from the bytes of JSON: the way for every line, so nothing is made of
 * them. They are written into an array that the caller has: numbers this large are objects where a function returns them.
 */

const QUOTE = 0x22;
const COMMA = 0x2c;
const POINT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const LETTER_T = 0x54;
const LETTER_Z = 0x5a;
const CLOSE_BRACE = 0x7d;

const DATE_BYTES = 10;
const SECONDS_DIGITS = 10;
const MILLISECONDS_DIGITS = 13;
const MOST_FRACTION_DIGITS = 9;

export class PlainTimes {
  /** The date that was read last, as it is written, and when it began. */
  readonly #date = new Uint8Array(DATE_BYTES);
  readonly #dateMs = new Float64Array([NaN]);

  /**
   * Writes to `into[0]` the milliseconds since 1970 of the JSON value at `at`: `"2026-01-31T12:00:00Z"`, with a fraction or
   * without, or a number of so many seconds or milliseconds since 1970. False for any other, which may be a time all the same.
   */
  read(bytes: Buffer, at: number, into: Float64Array): boolean {
    return bytes[at] === QUOTE ? this.#readText(bytes, at + 1, into) : readWholeNumber(bytes, at, into);
  }

  #readText(bytes: Buffer, at: number, into: Float64Array): boolean {
    const isTime = bytes[at + 10] === LETTER_T && bytes[at + 13] === COLON && bytes[at + 16] === COLON;
    if (!isTime) return false;
    const hours = twoDigits(bytes, at + 11);
    const minutes = twoDigits(bytes, at + 14);
    const seconds = twoDigits(bytes, at + 17);
    if (!(hours < 24 && minutes < 60 && seconds < 60)) return false;
    const zone = fractionEnd(bytes, at + 19);
    if (bytes[zone] !== LETTER_Z || bytes[zone + 1] !== QUOTE) return false;
    if (!this.#isLastDate(bytes, at)) this.#readDate(bytes, at);
    const ofDay = ((hours * 60 + minutes) * 60 + seconds) * 1000 + fractionMs(bytes, at + 20, zone);
    const ms = (this.#dateMs[0] ?? NaN) + ofDay;
    into[0] = ms;
    return !Number.isNaN(ms);
  }

  #isLastDate(bytes: Buffer, at: number): boolean {
    for (let digit = 0; digit < DATE_BYTES; digit += 1)
      if (bytes[at + digit] !== this.#date[digit]) return false;
    return true;
  }

  #readDate(bytes: Buffer, at: number): void {
    const text = bytes.toString('latin1', at, at + DATE_BYTES);
    this.#date.set(bytes.subarray(at, at + DATE_BYTES));
    this.#dateMs[0] = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00.000Z`) : NaN;
  }
}

/** Past any that a time has where they are not two digits. */
function twoDigits(bytes: Buffer, at: number): number {
  const tens = digitAt(bytes, at);
  const ones = digitAt(bytes, at + 1);
  return tens === -1 || ones === -1 ? 100 : tens * 10 + ones;
}

/** Behind a fraction that begins at `at`; `at` where there is none. */
function fractionEnd(bytes: Buffer, at: number): number {
  if (bytes[at] !== POINT) return at;
  let end = at + 1;
  while (end - at <= MOST_FRACTION_DIGITS && digitAt(bytes, end) !== -1) end += 1;
  return end === at + 1 ? at : end;
}

/** The milliseconds that digits [at, end) are of a second; less than one is left out. */
function fractionMs(bytes: Buffer, at: number, end: number): number {
  let ms = 0;
  for (let digit = 0; digit < 3; digit += 1)
    ms = ms * 10 + (at + digit < end ? digitAt(bytes, at + digit) : 0);
  return ms;
}

function readWholeNumber(bytes: Buffer, at: number, into: Float64Array): boolean {
  if (bytes[at] === ZERO) return false;
  let value = 0;
  let end = at;
  for (
    let digit = digitAt(bytes, end);
    digit !== -1 && end - at <= MILLISECONDS_DIGITS;
    digit = digitAt(bytes, end)
  ) {
    value = value * 10 + digit;
    end += 1;
  }
  if (bytes[end] !== COMMA && bytes[end] !== CLOSE_BRACE) return false;
  const digits = end - at;
  into[0] = digits === SECONDS_DIGITS ? value * 1000 : value;
  return digits === SECONDS_DIGITS || digits === MILLISECONDS_DIGITS;
}

/** -1 where it is no digit. */
function digitAt(bytes: Buffer, at: number): number {
  const digit = (bytes[at] ?? 0) - ZERO;
  return digit >= 0 && digit <= 9 ? digit : -1;
}
