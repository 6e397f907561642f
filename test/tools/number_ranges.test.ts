import fc from 'fast-check';
import { expect, test } from 'vitest';
import { united, without, type NumberRange } from '../../src/tools/number_ranges.ts';

const ANY_RANGES = fc.array(
  fc.tuple(fc.nat(30), fc.nat(6)).map(([from, more]): NumberRange => ({ from, to: from + more })),
  { maxLength: 8 },
);

const numbersIn = (ranges: readonly NumberRange[]): Set<number> =>
  new Set(
    ranges.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, index) => from + index)),
  );

const rising = (numbers: Set<number>): number[] => [...numbers].sort((a, b) => a - b);

test('ranges united hold the numbers of all of them, rise, and do not touch', () => {
  fc.assert(
    fc.property(ANY_RANGES, (ranges) => {
      const union = united(ranges);
      expect([...numbersIn(union)]).toEqual(rising(numbersIn(ranges)));
      for (const [index, { from }] of union.entries())
        expect(from).toBeGreaterThan((union[index - 1]?.to ?? -9) + 1);
    }),
  );
});

test('ranges without others hold the numbers that are in none of those, and rise', () => {
  fc.assert(
    fc.property(ANY_RANGES, ANY_RANGES, (ranges, others) => {
      const left = without(ranges, others);
      expect([...numbersIn(left)]).toEqual(rising(numbersIn(ranges).difference(numbersIn(others))));
    }),
  );
});

test('a range of very many numbers takes no longer than one of few', () => {
  const all = [{ from: 1, to: Number.MAX_SAFE_INTEGER }];
  expect(without(all, [{ from: 2, to: Number.MAX_SAFE_INTEGER - 1 }])).toEqual([
    { from: 1, to: 1 },
    { from: Number.MAX_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER },
  ]);
});
