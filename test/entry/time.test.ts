import fc from 'fast-check';
import { expect, test } from 'vitest';
import { timeOf } from '../../src/entry/time.ts';

const NOON_MS = Date.UTC(2026, 0, 31, 12);

test.each([
  ['2026-01-31T12:00:00.000Z', NOON_MS, true],
  ['2026-01-31T12:00:00Z', NOON_MS, true],
  ['2026-01-31T12:00Z', NOON_MS, true],
  ['2026-01-31', Date.UTC(2026, 0, 31), true],
  ['2026-01-31 12:00:00', NOON_MS, true],
  ['2026-01-31 12:00:00,123', NOON_MS + 123, true],
  ['2026-01-31T12:00:00.1Z', NOON_MS + 100, true],
  ['2026-01-31 12:00:00 UTC', NOON_MS, true],
  ['2026-01-31T12:00:00.123456Z', NOON_MS + 123, false],
  ['2026-01-31T14:00:00+02:00', NOON_MS, false],
  ['2026-01-31T14:00:00.5+0200', NOON_MS + 500, false],
  ['2026-01-31T04:00:00-08', NOON_MS, false],
  ['1769860800', NOON_MS, false],
  ['1769860800000', NOON_MS, false],
  [NOON_MS / 1000, NOON_MS, true],
  [NOON_MS / 1000 + 0.123, NOON_MS + 123, true],
  [NOON_MS / 1000 + 0.123456, NOON_MS + 123, false],
  [NOON_MS, NOON_MS, true],
  [NOON_MS + 0.5, NOON_MS, false],
  [NOON_MS * 1000, NOON_MS, true],
  [NOON_MS * 1000 + 1, NOON_MS, false],
  [NOON_MS * 1e6, NOON_MS, false],
])('%j is a time', (value, ms, isWhole) => {
  expect(timeOf(value)).toEqual({ ms, isWhole });
});

test.each([
  'yesterday',
  '',
  '12:00:00',
  '2026-13-31T12:00:00Z',
  '2026-01-31T25:00:00.000Z',
  '2026-01-31T12:00:00.000z!',
  '20260131',
  0,
  -1,
  NaN,
  Infinity,
  1e30,
  null,
  true,
  {},
  ['2026-01-31'],
])('%j is none', (value) => {
  expect(timeOf(value)).toBeUndefined();
});

test('every date comes back from its text, in milliseconds and in seconds', () => {
  fc.assert(
    fc.property(fc.integer({ min: Date.UTC(1974, 0), max: Date.UTC(5000, 0) }), (ms) => {
      expect(timeOf(new Date(ms).toISOString())).toEqual({ ms, isWhole: true });
      expect(timeOf(ms)).toEqual({ ms, isWhole: true });
      expect(timeOf(ms / 1000)?.ms).toBe(ms);
    }),
  );
});
