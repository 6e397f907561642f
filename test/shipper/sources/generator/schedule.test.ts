import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Schedule, type Pattern } from '../../../../src/shipper/sources/generator/schedule.ts';

/** How many entries are due until then. */
function dueUntil(ms: number, pattern: Pattern, rate: number, startMs = 0): number {
  const schedule = new Schedule(pattern, rate, startMs);
  let due = 0;
  for (; schedule.nextMs <= ms; due += 1) schedule.take();
  return due;
}

describe('steady', () => {
  test('entries are as far apart as the rate says, from the first on', () => {
    const schedule = new Schedule({ kind: 'steady' }, 4, 0);
    expect([1, 2, 3].map(() => schedule.take())).toEqual([250, 500, 750]);
    expect(schedule.nextMs).toBe(1000);
  });

  test('so many are due as time and rate make', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 0, max: 20 }), (rate, seconds) => {
        expect(dueUntil(seconds * 1000, { kind: 'steady' }, rate)).toBe(rate * seconds);
      }),
    ));
});

describe('burst', () => {
  const pattern = { kind: 'burst', everyMs: 5000, forMs: 1000, rate: 100 } as const;

  test.each([
    [4999, 9],
    [5000, 10],
    [5500, 60],
    [6000, 110],
    [10_000, 118],
    [11_000, 218],
    [50_000, 982],
  ])('until %i ms %i are due', (ms, due) => expect(dueUntil(ms, pattern, 2)).toBe(due));

  test('times never go back, whatever the rates', () =>
    fc.assert(
      fc.property(
        fc.record({ everyMs: fc.integer({ min: 10, max: 3000 }), rate: fc.integer({ min: 1, max: 3000 }) }),
        fc.integer({ min: 1, max: 3000 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        ({ everyMs, rate }, base, part) => {
          const schedule = new Schedule({ kind: 'burst', everyMs, forMs: everyMs * part, rate }, base, 0);
          let last = 0;
          for (let taken = 0; taken < 2000; taken += 1) {
            const ms = schedule.take();
            expect(ms).toBeGreaterThanOrEqual(last);
            last = ms;
          }
        },
      ),
    ));
});

describe('daily', () => {
  const DAY = 24 * 3600 * 1000;

  test('over a day the rate is kept, wherever the day begins', () => {
    for (const startMs of [0, 12_345_678, Date.UTC(2026, 0, 31, 14)])
      expect(Math.abs(dueUntil(DAY, { kind: 'daily' }, 3, startMs) - 3 * 86_400)).toBeLessThanOrEqual(1);
  });

  test('there is most at 14:00 UTC and least at 02:00', () => {
    const hour = (from: number): number =>
      dueUntil(3_600_000, { kind: 'daily' }, 100, Date.UTC(2026, 0, 31, 0, from * 60 - 30));
    expect(hour(14) / 360_000).toBeCloseTo(1.8, 1);
    expect(hour(2) / 360_000).toBeCloseTo(0.2, 1);
    expect(hour(8) / 360_000).toBeCloseTo(1, 1);
  });
});
