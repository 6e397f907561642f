import { expect, test } from 'vitest';
import { parseTime } from '../../src/base/time.ts';

const NOW = Date.UTC(2026, 0, 31, 12, 0, 0);

test.each([
  ['30s', NOW - 30_000],
  ['15m', NOW - 900_000],
  ['2h', NOW - 7_200_000],
  ['1d', NOW - 86_400_000],
  ['0s', NOW],
  ['2026-01-31', Date.UTC(2026, 0, 31)],
  ['2026-01-31T12:00:00Z', NOW],
  ['2026-01-31T12:00:00.250Z', NOW + 250],
  ['2026-01-31T13:00:00+01:00', NOW],
  ['2026-01-31T12:00Z', NOW],
])('%s is a time', (text, time) => {
  expect(parseTime(text, NOW)).toBe(time);
});

test.each([
  '',
  'yesterday',
  '7',
  'banana 7',
  '15 m',
  '15min',
  '-5m',
  '5w',
  '1.5h',
  'm',
  '2026-13-01',
  '31/01/2026 foo',
  '1769860800000',
])('%j is none', (text) => {
  expect(() => parseTime(text, NOW)).toThrow('is not a time');
});
