/** Times as logs write them. */

/** Members of an entry that may say when it was. */
export const TIME_MEMBERS = ['time', 'timestamp', '@timestamp', 'ts'] as const;

const ISO_8601 =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?(?:[.,](\d{1,9}))?)? ?(Z|UTC|[+-]\d\d(?::?\d\d)?)?$/i;

const DIGITS = /^\d{9,19}$/;

/** A number below is of seconds, milliseconds, microseconds, nanoseconds: each holds for the years 1973 to 5138. */
const UNITS = [
  { below: 1e11, toMs: (value: number) => value * 1e3, fromMs: (ms: number) => ms / 1e3 },
  { below: 1e14, toMs: (value: number) => value, fromMs: (ms: number) => ms },
  { below: 1e17, toMs: (value: number) => value / 1e3, fromMs: (ms: number) => ms * 1e3 },
  // So large a number is never exact.
  { below: 1e20, toMs: (value: number) => value / 1e6, fromMs: () => NaN },
] as const;

export interface EntryTime {
  /** Milliseconds since 1970. */
  readonly ms: number;
  /** False where the text says more than that: a zone, microseconds. */
  readonly isWhole: boolean;
}

/**
 * The time that a member of an entry says: ISO 8601 (no zone: UTC), or seconds, milliseconds, microseconds or nanoseconds
 * since 1970. Undefined where it is none of these.
 */
export function timeOf(value: unknown): EntryTime | undefined {
  if (typeof value === 'string') {
    if (isCanonical(value)) {
      const ms = Date.parse(value);
      return Number.isNaN(ms) ? undefined : { ms, isWhole: true };
    }
    return DIGITS.test(value) ? sinceEpoch(Number(value), false) : fromText(value);
  }
  return typeof value === 'number' ? sinceEpoch(value, true) : undefined;
}

/** `2026-01-31T12:00:00.000Z`, as most write it: no pattern is needed for it. */
const isCanonical = (text: string): boolean =>
  text.length === 24 && text[10] === 'T' && text[19] === '.' && text[23] === 'Z';

function sinceEpoch(value: number, isNumber: boolean): EntryTime | undefined {
  const unit = UNITS.find(({ below }) => value < below);
  if (unit === undefined || !(value > 0)) return undefined;
  const near = Math.round(unit.toMs(value));
  if (unit.fromMs(near) === value) return { ms: near, isWhole: isNumber };
  return { ms: Math.floor(unit.toMs(value)), isWhole: false };
}

function fromText(text: string): EntryTime | undefined {
  const match = ISO_8601.exec(text);
  if (match === null) return undefined;
  const [, date = '', minutes = '00:00', seconds = ':00', fraction = '', zone = ''] = match;
  const ms = Date.parse(`${date}T${minutes}${seconds}.${fraction.padEnd(3, '0').slice(0, 3)}${zoneOf(zone)}`);
  if (Number.isNaN(ms)) return undefined;
  return { ms, isWhole: fraction.length <= 3 && zoneOf(zone) === 'Z' };
}

function zoneOf(text: string): string {
  if (!/^[+-]/.test(text)) return 'Z';
  return `${text.slice(0, 3)}:${text.slice(3).replace(':', '') || '00'}`;
}
