import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fairShare, type SeenPartition } from '../../src/jetstream/share.ts';

const seen = (holders: readonly (string | undefined)[], stillForMs = 0): SeenPartition[] =>
  holders.map((holder, partition) => ({
    partition,
    stillForMs,
    ...(holder === undefined ? {} : { holder }),
  }));

const share = (me: string, alive: string[], holders: (string | undefined)[], stillForMs = 0) =>
  fairShare({ me, alive, partitions: seen(holders, stillForMs), patienceMs: 1000 });

test('who is alone takes all', () => {
  expect(share('a', [], [undefined, undefined])).toEqual({ take: [0, 1], handOver: [] });
});

test('who has most hands over half of what is between it and the poorest', () => {
  expect(share('a', ['a', 'b'], ['a', 'a', 'a', 'a'])).toEqual({ take: [], handOver: [0, 1] });
  expect(share('b', ['a', 'b'], ['a', 'a', 'a', 'a'])).toEqual({ take: [], handOver: [] });
  expect(share('a', ['a', 'b', 'c'], ['a', 'a', 'b', 'b']).handOver).toEqual([0]);
  expect(share('b', ['a', 'b', 'c'], ['a', 'a', 'b', 'b']).handOver).toEqual([]);
});

test('what is nobody’s goes to the poorest, and after a while to anybody', () => {
  expect(share('a', ['a', 'b'], ['a', undefined]).take).toEqual([]);
  expect(share('b', ['a', 'b'], ['a', undefined]).take).toEqual([1]);
  expect(share('a', ['a', 'b'], ['a', undefined], 1000).take).toEqual([1]);
});

test('whoever has its turn first, the partitions end fairly divided, and then nothing moves', () => {
  const cases = fc.tuple(
    fc.integer({ min: 1, max: 6 }),
    fc.integer({ min: 1, max: 20 }),
    fc.infiniteStream(fc.nat(5)),
  );
  fc.assert(
    fc.property(cases, ([count, partitions, order]) => {
      const workers = Array.from({ length: count }, (_, index) => `w${index}`);
      const holders: (string | undefined)[] = Array<undefined>(partitions).fill(undefined);
      const turn = (me: string): boolean => {
        const { take, handOver } = share(me, workers, holders);
        for (const one of take) holders[one] = me;
        for (const one of handOver) holders[one] = undefined;
        return take.length + handOver.length > 0;
      };
      for (let turns = 0; turns < 30; turns += 1) turn(`w${(order.next().value ?? 0) % count}`);
      for (let turns = 0; turns < 50 && workers.filter(turn).length > 0;) turns += 1;
      const counts = workers.map((worker) => holders.filter((holder) => holder === worker).length);
      expect(holders).not.toContain(undefined);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      expect(workers.some(turn)).toBe(false);
    }),
  );
});
