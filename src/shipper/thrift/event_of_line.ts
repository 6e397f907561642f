import type { LogEventFields } from '../../thrift/client/log_event_fields.ts';

/** The members of an entry that are sent; names of the archive first, those of the IDL behind them. */
const MEMBERS = {
  service: ['service', 'service_name'],
  host: ['host'],
  message: ['message'],
  level: ['level', 'log_level'],
} as const;

const INT64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

/** A line of JSON as a LogEvent. Throws an Error that says what is wrong with it. */
export function eventOfLine(line: string): LogEventFields {
  const entry = objectIn(line);
  const event = {
    timestamp: timestampIn(entry, line),
    service: textIn(entry, MEMBERS.service),
    host: textIn(entry, MEMBERS.host),
    message: textIn(entry, MEMBERS.message),
    level: textIn(entry, MEMBERS.level),
  };
  if (Object.values(event).every((value) => value === undefined))
    throw new Error('it has none of timestamp, service, host, message and level');
  return event;
}

type Entry = Readonly<Record<string, unknown>>;

function objectIn(line: string): Entry {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new Error('it is no JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error('it is no JSON object');
  return value as Entry;
}

function textIn(entry: Entry, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = entry[name];
    if (typeof value === 'string') return value;
    if (typeof value === 'number') return String(value);
    if (value !== undefined && value !== null)
      throw new Error(`its ${name} is ${describe(value)}, and a string was expected`);
  }
  return undefined;
}

const describe = (value: unknown): string =>
  Array.isArray(value) ? 'an array' : typeof value === 'boolean' ? String(value) : 'an object';

/** Milliseconds since 1970, or a date and time by ISO 8601. */
function timestampIn({ timestamp }: Entry, line: string): number | bigint | undefined {
  if (timestamp === undefined || timestamp === null) return undefined;
  if (typeof timestamp === 'number') {
    if (Number.isSafeInteger(timestamp)) return timestamp;
    return exactTimestamp(line);
  }
  const time = typeof timestamp === 'string' ? Date.parse(timestamp) : Number.NaN;
  if (Number.isNaN(time))
    throw new Error('its timestamp is neither milliseconds since 1970 nor a time by ISO 8601');
  return time;
}

/** A number that is no double: its digits are taken from the line. */
function exactTimestamp(line: string): bigint {
  const digitsIn = new Map<unknown, string>();
  const entry: unknown = JSON.parse(line, function (this: unknown, key, value: unknown, context?: Source) {
    if (key === 'timestamp' && typeof value === 'number') digitsIn.set(this, context?.source ?? '');
    return value;
  });
  const digits = digitsIn.get(entry) ?? '';
  const exact = /^-?\d+$/.test(digits) ? BigInt(digits) : undefined;
  if (exact === undefined || exact < INT64.min || exact > INT64.max)
    throw new Error('its timestamp is no whole number of milliseconds in 64 bits');
  return exact;
}

/** What `JSON.parse` says of a value: the text it was made from. */
interface Source {
  readonly source?: string;
}
