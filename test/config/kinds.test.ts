import { describe, expect, test } from 'vitest';
import {
  boolean,
  bytes,
  fraction,
  integer,
  oneOf,
  seconds,
  text,
  time,
  type Kind,
} from '../../src/config/kinds.ts';

const RANGE = { min: 1, max: 100 };
const ANY = { min: 0, max: Number.MAX_SAFE_INTEGER };

describe('a text is taken', () => {
  test.each([
    ['a whole number', integer(RANGE), '7', 7],
    ['a whole number at the least', integer(RANGE), '1', 1],
    ['a whole number at the most', integer(RANGE), '100', 100],
    ['a negative one', integer({ min: -5, max: 5 }), '-5', -5],
    ['seconds', seconds(RANGE), '7', 7],
    ['seconds with a fraction', seconds(RANGE), '7.25', 7.25],
    ['a fraction', fraction, '0.25', 0.25],
    ['a time', time, '2026-01-31T12:00:00Z', Date.UTC(2026, 0, 31, 12)],
    ['no time', time, '', undefined],
    ['bytes', bytes(ANY), '65536', 65_536],
    ['bytes with a b', bytes(ANY), '10B', 10],
    ['KiB', bytes(ANY), '64KiB', 65_536],
    ['KiB with a space', bytes(ANY), '64 kib', 65_536],
    ['kB', bytes(ANY), '64kB', 64_000],
    ['MiB', bytes(ANY), '5MiB', 5_242_880],
    ['MB', bytes(ANY), '5MB', 5_000_000],
    ['a fraction of MiB', bytes(ANY), '1.5MiB', 1_572_864],
    ['GiB', bytes(ANY), '2GiB', 2 ** 31],
    ['GB', bytes(ANY), '2GB', 2e9],
    ['a choice', oneOf(['gzip', 'zstd']), 'zstd', 'zstd'],
    ['a choice in capitals', oneOf(['gzip', 'zstd']), 'GZIP', 'gzip'],
    ['a text', text('a folder'), './data', './data'],
    ...['true', '1', 'yes', 'on', 'TRUE'].map(
      (given) => [`${given} for true`, boolean, given, true] as const,
    ),
    ...['false', '0', 'no', 'off', 'False'].map(
      (given) => [`${given} for false`, boolean, given, false] as const,
    ),
  ] as [string, Kind<unknown>, string, unknown][])('%s', (_, kind, given, value) => {
    expect(kind.parse(given)).toBe(value);
  });
});

describe('a text is refused, and what was expected is said', () => {
  test.each([
    ...['', '7.5', '1e2', '0x10', 'seven', '7 ', 'NaN', 'Infinity'].map(
      (given) => ['a whole number', given, integer(RANGE)] as const,
    ),
    ...['0', '101', '-1', '99999999999999999999'].map(
      (given) => ['1 to 100', given, integer(RANGE)] as const,
    ),
    ...['', '7s', '.5', '5.', 'NaN', 'Infinity', '1e3'].map(
      (given) => ['a number', given, seconds(RANGE)] as const,
    ),
    ...['0.999', '100.001'].map((given) => ['1 s to 100 s', given, seconds(RANGE)] as const),
    ...['', 'KiB', '5 parsecs', '-5', '5MiBs', '1e3', '5TB', '5constructor'].map(
      (given) => ['a number of bytes', given, bytes(ANY)] as const,
    ),
    ...['0', '101', '1KiB'].map((given) => ['1 bytes to 100 bytes', given, bytes(RANGE)] as const),
    ...['', 'maybe', '2', 'truee', 'constructor', '__proto__'].map(
      (given) => ['true or false', given, boolean] as const,
    ),
    ...['', 'lzma', 'gzip,zstd', 'constructor'].map(
      (given) => ['one of gzip, zstd', given, oneOf(['gzip', 'zstd'])] as const,
    ),
    ['a folder', '', text('a folder')],
    ['three letters', 'four', text('three letters', (value) => value.length === 3)],
  ] as [string, string, Kind<unknown>][])('expected %s, not %j', (expected, given, kind) => {
    expect(() => kind.parse(given)).toThrow(`expected ${expected}`);
  });
});
