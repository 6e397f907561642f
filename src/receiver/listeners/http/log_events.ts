/** The body of POST /log, cut into the entries it holds: one event, an array of them, or NDJSON. All of them, or none. */
import { isUtf8 } from 'node:buffer';
import { dayOf, type UserEntry } from '../../../users/user_buffer.ts';
import { expectEnd, notJson, tokenAt } from '../../../wire/json_text.ts';
import { WireError } from '../../../wire/wire_error.ts';
import { HttpProblem, badRequest } from './http_problem.ts';
import { readLogEvent, type EventLimits } from './log_event.ts';

export interface LogBodyLimits extends EventLimits {
  readonly maxEvents: number;
}

/** A body as it was read. */
export interface LogBody {
  /** With room for a newline behind it. */
  readonly bytes: Buffer;
  readonly isNdjson: boolean;
}

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/**
 * The entries of a body, in order. The text of each is the one that was sent, on one line; they lie one behind the other
 * in the body's memory, which is used up. Throws HttpProblem, with the number of the first line or element that is wrong.
 */
export function readLogEvents({ bytes, isNdjson }: LogBody, limits: LogBodyLimits): UserEntry[] {
  const text = bytes.subarray(0, bytes.length - 1);
  if (!isUtf8(text)) throw badRequest('not_utf8', 'the body is not UTF-8');
  const entries = new Entries(bytes, limits);
  if (isNdjson) readLines(text, entries);
  else readJson(text, entries);
  return entries.all;
}

function readJson(text: Buffer, entries: Entries): void {
  try {
    const at = tokenAt(text, 0);
    if (text[at] === OPEN_BRACKET) readArray(text, at + 1, entries);
    else {
      const end = entries.read(text, at, undefined);
      expectEnd(text, end);
      entries.take();
    }
  } catch (error) {
    throw problemOf(error);
  }
}

function readArray(text: Buffer, from: number, entries: Entries): void {
  let at = tokenAt(text, from);
  let isAtEnd = text[at] === CLOSE_BRACKET;
  while (!isAtEnd) {
    at = tokenAt(text, entries.read(text, tokenAt(text, at), entries.all.length + 1));
    isAtEnd = text[at] === CLOSE_BRACKET;
    if (!isAtEnd && text[at] !== COMMA) throw notJson(text, at);
    entries.take();
    if (!isAtEnd) at += 1;
  }
  expectEnd(text, at + 1);
}

function readLines(text: Buffer, entries: Entries): void {
  let number = 0;
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf(NEWLINE, start);
    const end = newline === -1 ? text.length : newline;
    number += 1;
    const line = text.subarray(start, end);
    if (!isBlank(line)) {
      try {
        expectEnd(line, entries.read(line, tokenAt(line, 0), number, start));
      } catch (error) {
        throw problemOf(error).inLine(number);
      }
      entries.take();
    }
    start = end + 1;
  }
}

const isBlank = (line: Buffer): boolean =>
  line.every((byte) => byte === 0x20 || byte === 0x09 || byte === RETURN);

/** What was read, moved together at the start of the body. */
class Entries {
  readonly all: UserEntry[] = [];
  readonly #bytes: Buffer;
  readonly #limits: LogBodyLimits;
  #fill = 0;
  #read:
    | { readonly userId: string; readonly day: number; readonly start: number; readonly end: number }
    | undefined;

  constructor(bytes: Buffer, limits: LogBodyLimits) {
    this.#bytes = bytes;
    this.#limits = limits;
  }

  /** Reads the event at `at` of `text`, which begins at `offset` of the body; the answer is the offset behind it. `number` goes into its problem. */
  read(text: Buffer, at: number, number: number | undefined, offset = 0): number {
    const { maxEvents, maxEntryBytes } = this.#limits;
    if (this.all.length >= maxEvents)
      throw new HttpProblem(413, { error: 'too_many_events', reason: `a body may hold ${maxEvents} events` });
    try {
      const { userId, timestampSeconds, end } = readLogEvent(text, at, this.#limits);
      if (end - at > maxEntryBytes)
        throw new HttpProblem(413, {
          error: 'too_large',
          reason: `an event is ${end - at} bytes long; at most ${maxEntryBytes} are taken`,
        });
      const day = dayOf(timestampSeconds);
      this.#read = { userId, day, start: offset + at, end: offset + end };
      return end;
    } catch (error) {
      throw number === undefined ? error : problemOf(error).inLine(number);
    }
  }

  /** Takes what was read last; of the body one byte behind it may be lost. */
  take(): void {
    if (this.#read === undefined) return;
    const { userId, day, start, end } = this.#read;
    const bytes = this.#bytes;
    const fill = this.#fill;
    if (fill !== start) bytes.copyWithin(fill, start, end);
    this.#fill = fill + end - start + 1;
    bytes[this.#fill - 1] = NEWLINE;
    this.all.push({ userId, day, line: bytes.subarray(fill, this.#fill) });
  }
}

function problemOf(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (!(error instanceof WireError)) throw error;
  return badRequest(error.code === 'too_deep' ? 'too_deep' : 'not_json', error.message, undefined);
}
