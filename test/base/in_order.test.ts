import { describe, expect, test } from 'vitest';
import { mapInOrder } from '../../src/base/in_order.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function* upTo(count: number, failure?: Error): AsyncGenerator<number> {
  for (let number = 0; number < count; number += 1) {
    await turn();
    yield number;
  }
  if (failure !== undefined) throw failure;
}

/** Everything it yields, and the message of what it throws. */
async function drained<T>(results: AsyncIterable<T>): Promise<{ results: T[]; error?: string }> {
  const seen: T[] = [];
  try {
    for await (const result of results) seen.push(result);
  } catch (error) {
    return { results: seen, error: (error as Error).message };
  }
  return { results: seen };
}

describe.each([1, 2, 7, 1000])('with %i at once', (atOnce) => {
  test('results come in the order of their inputs, however long each takes', async () => {
    const slow = async (number: number): Promise<number> => {
      for (let turns = (number * 7) % 5; turns > 0; turns -= 1) await turn();
      return number * 10;
    };
    expect(await drained(mapInOrder(upTo(50), atOnce, slow))).toEqual({
      results: Array.from({ length: 50 }, (_, index) => index * 10),
    });
  });

  test('no more calls are under way, and as many are', async () => {
    let underWay = 0;
    let most = 0;
    const counted = async (): Promise<void> => {
      underWay += 1;
      most = Math.max(most, underWay);
      for (let turns = 0; turns < 30; turns += 1) await turn();
      underWay -= 1;
    };
    await drained(mapInOrder(upTo(20), atOnce, counted));
    expect(most).toBe(Math.min(atOnce, 20));
  });

  test('an error of the inputs comes after the results of the inputs before it', async () => {
    const outcome = await drained(
      mapInOrder(upTo(5, new Error('torn')), atOnce, (number) => Promise.resolve(number)),
    );
    expect(outcome).toEqual({ results: [0, 1, 2, 3, 4], error: 'torn' });
  });

  test('an error of a call comes after the results before it, and nothing after it', async () => {
    const failing = (number: number): Promise<number> =>
      number === 3 ? Promise.reject(new Error('fourth')) : Promise.resolve(number);
    expect(await drained(mapInOrder(upTo(9), atOnce, failing))).toEqual({
      results: [0, 1, 2],
      error: 'fourth',
    });
  });

  test('inputs are closed when the reader leaves', async () => {
    let isClosed = false;
    async function* endless(): AsyncGenerator<number> {
      try {
        for (let number = 0; ; number += 1) {
          await turn();
          yield number;
        }
      } finally {
        isClosed = true;
      }
    }
    for await (const result of mapInOrder(endless(), atOnce, (number) => Promise.resolve(number)))
      if (result === 3) break;
    for (let turns = 0; turns < 2000 && !isClosed; turns += 1) await turn();
    expect(isClosed).toBe(true);
  });
});

test('a result is there as soon as it and all before it are, without waiting for more inputs', async () => {
  const { promise: never } = Promise.withResolvers<void>();
  async function* oneThenSilence(): AsyncGenerator<number> {
    yield 1;
    await never;
  }
  const results = mapInOrder(oneThenSilence(), 4, (number) => Promise.resolve(number));
  expect(await results.next()).toEqual({ done: false, value: 1 });
});

test('no inputs give no results', async () => {
  expect(await drained(mapInOrder(upTo(0), 3, (number) => Promise.resolve(number)))).toEqual({ results: [] });
});
