/** Times in the forms that most loggers write, read from the bytes of JSON: the way for every line, so nothing is made of them. */

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
  #dateMs = NaN;

  /**
   * Milliseconds since 1970 of the JSON value at `at`: `"2026-01-31T12:00:00Z"`, with a fraction or without, or a number of so
   * many seconds or milliseconds since 1970. NaN for any other, which may be a time all the same.
   */
  at(bytes: Buffer, at: number): number {
    return bytes[at] === QUOTE ? this.#text(bytes, at + 1) : wholeNumber(bytes, at);
  }

  #text(bytes: Buffer, at: number): number {
    const isTime = bytes[at + 10] === LETTER_T && bytes[at + 13] === COLON && bytes[at + 16] === COLON;
    if (!isTime) return NaN;
    const hours = twoDigits(bytes, at + 11);
    const minutes = twoDigits(bytes, at + 14);
    const seconds = twoDigits(bytes, at + 17);
    if (!(hours < 24 && minutes < 60 && seconds < 60)) return NaN;
    const zone = fractionEnd(bytes, at + 19);
    if (bytes[zone] !== LETTER_Z || bytes[zone + 1] !== QUOTE) return NaN;
    const wholeMs = ((hours * 60 + minutes) * 60 + seconds) * 1000;
    return this.#dateAt(bytes, at) + wholeMs + fractionMs(bytes, at + 20, zone);
  }

  /** When the date began that is written at `at`. */
  #dateAt(bytes: Buffer, at: number): number {
    for (let digit = 0; digit < DATE_BYTES; digit += 1)
      if (bytes[at + digit] !== this.#date[digit]) return this.#newDate(bytes, at);
    return this.#dateMs;
  }

  #newDate(bytes: Buffer, at: number): number {
    const text = bytes.toString('latin1', at, at + DATE_BYTES);
    this.#date.set(bytes.subarray(at, at + DATE_BYTES));
    this.#dateMs = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00.000Z`) : NaN;
    return this.#dateMs;
  }
}

/** NaN where they are not two digits. */
function twoDigits(bytes: Buffer, at: number): number {
  const tens = digitAt(bytes, at);
  const ones = digitAt(bytes, at + 1);
  return tens === -1 || ones === -1 ? NaN : tens * 10 + ones;
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
  for (let digit = 0, worth = 100; digit < 3 && at + digit < end; digit += 1, worth /= 10)
    ms += digitAt(bytes, at + digit) * worth;
  return ms;
}

function wholeNumber(bytes: Buffer, at: number): number {
  if (bytes[at] === ZERO) return NaN;
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
  if (bytes[end] !== COMMA && bytes[end] !== CLOSE_BRACE) return NaN;
  if (end - at === MILLISECONDS_DIGITS) return value;
  return end - at === SECONDS_DIGITS ? value * 1000 : NaN;
}

/** -1 where it is no digit. */
function digitAt(bytes: Buffer, at: number): number {
  const digit = (bytes[at] ?? 0) - ZERO;
  return digit >= 0 && digit <= 9 ? digit : -1;
}
