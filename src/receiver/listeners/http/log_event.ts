/**
 * One event of POST /log, looked over where it lies: `user_id`, `event` and `timestamp` are found in its bytes, and
 * nothing else is built of it. What it is to be says LOG_EVENT_SCHEMA; a test holds the two together.
 */
import { notJson, tokenAt, valueEnd } from '../../../wire/json_text.ts';
import { badRequest } from './http_problem.ts';

export interface EventLimits {
  readonly maxEntryBytes: number;
  /** How deep an event may nest. */
  readonly maxDepth: number;
}

export interface LogEvent {
  readonly userId: string;
  /** Since 1970. */
  readonly timestampSeconds: number;
  /** The offset behind it. */
  readonly end: number;
}

/** 9999-12-31T23:59:59Z. Milliseconds, sent by mistake, are past it. */
const MAX_TIMESTAMP = 253_402_300_799;

/** In characters, as JSON Schema counts them. */
const MAX_USER_ID_LENGTH = 16_384;

export const LOG_EVENT_SCHEMA = {
  type: 'object',
  required: ['user_id', 'event', 'timestamp'],
  properties: {
    user_id: {
      type: 'string',
      minLength: 1,
      maxLength: MAX_USER_ID_LENGTH,
      description: 'Whose event it is.',
    },
    event: { type: 'string', description: 'What happened.' },
    timestamp: {
      type: 'integer',
      minimum: 0,
      maximum: MAX_TIMESTAMP,
      description: 'When, in seconds since 1970-01-01T00:00:00Z.',
    },
  },
  additionalProperties: true,
  description: 'Further members are kept as they are sent.',
} as const;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const ZERO = 0x30;
const NINE = 0x39;

type Field = keyof typeof LOG_EVENT_SCHEMA.properties;

const FIELDS = (Object.keys(LOG_EVENT_SCHEMA.properties) as Field[]).map((name) => ({
  name,
  key: Buffer.from(name),
}));

/** Reads the event whose brace is at `at`. Throws HttpProblem, or WireError `not_json` and `too_deep`. Line breaks in it become spaces. */
export function readLogEvent(text: Buffer, at: number, { maxDepth }: EventLimits): LogEvent {
  if (text[at] !== OPEN_BRACE) throw notAnEvent(text, at, maxDepth);
  let userId: string | undefined;
  let timestampSeconds: number | undefined;
  let hasEvent = false;
  at = tokenAt(text, at + 1);
  if (text[at] !== CLOSE_BRACE) {
    for (;;) {
      if (text[at] !== QUOTE) throw notJson(text, at);
      const keyEnd = valueEnd(text, at, maxDepth);
      const field = fieldOf(text, at, keyEnd);
      at = tokenAt(text, keyEnd);
      if (text[at] !== COLON) throw notJson(text, at);
      const start = tokenAt(text, at + 1);
      const end = valueEnd(text, start, maxDepth - 1);
      if (field === 'user_id') userId = userIdOf(text, start, end, userId);
      else if (field === 'timestamp') timestampSeconds = timestampOf(text, start, end, timestampSeconds);
      else if (field === 'event') hasEvent = isEventText(text, start, hasEvent);
      at = tokenAt(text, end);
      if (text[at] === CLOSE_BRACE) break;
      if (text[at] !== COMMA) throw notJson(text, at);
      at = tokenAt(text, at + 1);
    }
  }
  if (userId === undefined) throw missing('user_id');
  if (!hasEvent) throw missing('event');
  if (timestampSeconds === undefined) throw missing('timestamp');
  return { userId, timestampSeconds, end: at + 1 };
}

/** Which of the three the key at bytes [start, end), quotes included, is. */
function fieldOf(text: Buffer, start: number, end: number): Field | undefined {
  const length = end - start - 2;
  for (const { name, key } of FIELDS)
    if (key.length === length && hasBytes(text, start + 1, key)) return name;
  const escape = text.indexOf(BACKSLASH, start);
  if (escape === -1 || escape >= end) return undefined;
  const key = stringAt(text, start, end);
  return FIELDS.find(({ name }) => name === key)?.name;
}

function hasBytes(text: Buffer, at: number, bytes: Buffer): boolean {
  for (let n = 0; n < bytes.length; n += 1) if (text[at + n] !== bytes[n]) return false;
  return true;
}

function userIdOf(text: Buffer, start: number, end: number, before: string | undefined): string {
  if (before !== undefined) throw repeated('user_id');
  if (text[start] !== QUOTE) throw wrongType('user_id', 'a string');
  const userId = stringAt(text, start, end);
  if (userId === '') throw badRequest('bad_user_id', 'user_id is empty', 'user_id');
  if (userId.length > MAX_USER_ID_LENGTH && hasMoreCharacters(userId))
    throw badRequest('bad_user_id', `user_id is longer than ${MAX_USER_ID_LENGTH} characters`, 'user_id');
  if (!userId.isWellFormed())
    throw badRequest('bad_user_id', 'user_id holds half a surrogate pair: it is no Unicode text', 'user_id');
  return userId;
}

/** Of those outside the basic plane UTF-16 takes two units. */
const hasMoreCharacters = (text: string): boolean =>
  text.length > 2 * MAX_USER_ID_LENGTH || Array.from(text).length > MAX_USER_ID_LENGTH;

function isEventText(text: Buffer, start: number, isThere: boolean): true {
  if (isThere) throw repeated('event');
  if (text[start] !== QUOTE) throw wrongType('event', 'a string');
  return true;
}

function timestampOf(text: Buffer, start: number, end: number, before: number | undefined): number {
  if (before !== undefined) throw repeated('timestamp');
  const value = digitsAt(text, start, end) ?? numberAt(text, start, end);
  if (Number.isNaN(value) || !Number.isInteger(value)) throw wrongType('timestamp', 'an integer of seconds');
  if (value < 0 || value > MAX_TIMESTAMP)
    throw badRequest(
      'impossible_timestamp',
      `timestamp is to be seconds since 1970, 0 to ${MAX_TIMESTAMP}${value > MAX_TIMESTAMP && value <= MAX_TIMESTAMP * 1000 ? ': these look like milliseconds' : ''}`,
      'timestamp',
    );
  return value;
}

/** A number of up to 15 digits and nothing else. */
function digitsAt(text: Buffer, start: number, end: number): number | undefined {
  if (end - start > 15) return undefined;
  let value = 0;
  for (let at = start; at < end; at += 1) {
    const byte = text[at] ?? 0;
    if (byte < ZERO || byte > NINE) return undefined;
    value = value * 10 + byte - ZERO;
  }
  return value;
}

/** Any number of JSON; NaN for what is none. One that is too large to be exact is out of range in any case. */
function numberAt(text: Buffer, start: number, end: number): number {
  const first = text[start] ?? 0;
  const isNumber = first === 0x2d || (first >= ZERO && first <= NINE);
  // 0 for -0.
  return isNumber ? Number(text.toString('latin1', start, end)) + 0 : NaN;
}

/** The text of the string at bytes [start, end), quotes included. */
function stringAt(text: Buffer, start: number, end: number): string {
  for (let at = start; at < end; at += 1)
    if (text[at] === BACKSLASH) return JSON.parse(text.toString('utf8', start, end)) as string;
  return text.toString('utf8', start + 1, end - 1);
}

function notAnEvent(text: Buffer, at: number, maxDepth: number): Error {
  valueEnd(text, at, maxDepth);
  return badRequest('not_an_event', 'an event is to be a JSON object');
}

const missing = (field: Field): Error => badRequest('missing_field', `${field} is missing`, field);

const repeated = (field: Field): Error =>
  badRequest('repeated_field', `${field} is there more than once`, field);

const wrongType = (field: Field, expected: string): Error =>
  badRequest('wrong_type', `${field} is to be ${expected}`, field);
