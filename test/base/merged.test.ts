import { describe, expect, test } from 'vitest';
import { merged } from '../../src/base/merged.ts';

/** A stream of these numbers, which tells when it is ended. */
async function* stream(
  numbers: readonly number[],
  ended: () => void = () => undefined,
): AsyncGenerator<number, void, undefined> {
  try {
    for (const number of numbers) {
      if (number < 0) throw new Error('negative');
      yield await Promise.resolve(number);
    }
  } finally {
    ended();
  }
}

const rising = (a: number, b: number): number => a - b;

describe('streams as one', () => {
  test.each([
    [[], []],
    [[[]], []],
    [[[3, 1, 2]], [3, 1, 2]],
    [
      [
        [1, 4, 5],
        [2, 3, 6],
      ],
      [1, 2, 3, 4, 5, 6],
    ],
    [
      [[], [2], [1, 9], [3]],
      [1, 2, 3, 9],
    ],
    [
      [
        [5, 1],
        [3, 7],
      ],
      [3, 5, 1, 7],
    ],
  ])('%j are %j: the least of those that are next, each in its own order', async (streams, expected) => {
    const all = merged(
      streams.map((numbers) => stream(numbers)),
      rising,
    );
    expect(await Array.fromAsync(all)).toEqual(expected);
  });

  test('of equals give that of the earlier stream first', async () => {
    const named = (name: string, numbers: number[]): AsyncGenerator<string, void, undefined> =>
      (async function* () {
        for await (const number of stream(numbers)) yield `${name}${number}`;
      })();
    const all = merged([named('b', [1, 1, 2]), named('a', [1, 2])], (one, other) =>
      rising(Number(one.slice(1)), Number(other.slice(1))),
    );
    expect(await Array.fromAsync(all)).toEqual(['b1', 'b1', 'a1', 'b2', 'a2']);
  });

  describe('are all ended', () => {
    const ENDLESS = [2, 3, 4, 5];

    test('when enough of them is taken', async () => {
      let ended = 0;
      const streams = [[1, 2, 3], ENDLESS, [9]].map((numbers) => stream(numbers, () => (ended += 1)));
      for await (const number of merged(streams, rising)) if (number === 2) break;
      expect(ended).toBe(3);
    });

    test('when one of them fails, and its error is that of all', async () => {
      let ended = 0;
      const streams = [[1, -1], ENDLESS, [9]].map((numbers) => stream(numbers, () => (ended += 1)));
      await expect(Array.fromAsync(merged(streams, rising))).rejects.toThrow('negative');
      expect(ended).toBe(3);
    });
  });
});
