import { expect, test } from 'vitest';
import { ByteBudget } from '../../src/base/byte_budget.ts';

/** Work that goes on until it is told to end. */
function work(
  budget: ByteBudget,
  bytes: number,
): { readonly done: Promise<void>; readonly end: () => void; readonly hasBegun: () => boolean } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let begun = false;
  const done = budget.hold(bytes, () => {
    begun = true;
    return promise;
  });
  return { done, end: resolve, hasBegun: () => begun };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('what fits is held at once, the rest waits its turn, first come first served', async () => {
  const budget = new ByteBudget(100);
  const [large, huge, small] = [work(budget, 60), work(budget, 50), work(budget, 10)];
  await turn();
  expect([large, huge, small].map((one) => one.hasBegun())).toEqual([true, false, false]);
  expect(budget.used).toBe(60);
  large.end();
  await large.done;
  await turn();
  expect([huge, small].map((one) => one.hasBegun())).toEqual([true, true]);
  expect(budget.used).toBe(60);
  huge.end();
  small.end();
  await Promise.all([huge.done, small.done]);
  expect(budget.used).toBe(0);
});

test('a wish for the whole is granted, and one for more is held to the whole', async () => {
  const budget = new ByteBudget(100);
  for (const bytes of [100, 101, Number.MAX_SAFE_INTEGER]) {
    expect(await budget.hold(bytes, () => Promise.resolve(budget.used))).toBe(100);
    expect(budget.used).toBe(0);
  }
});

test('work that fails gives back what it held', async () => {
  const budget = new ByteBudget(100);
  const waiting = budget.hold(100, () => Promise.reject(new Error('no')));
  const next = budget.hold(100, () => Promise.resolve('mine'));
  await expect(waiting).rejects.toThrow('no');
  expect(await next).toBe('mine');
  expect(budget.used).toBe(0);
});

test('no more than the total is ever held', async () => {
  const budget = new ByteBudget(10);
  let most = 0;
  const shares = Array.from({ length: 200 }, (_, index) => (index * 7) % 13);
  await Promise.all(
    shares.map((bytes) =>
      budget.hold(bytes, async () => {
        most = Math.max(most, budget.used);
        await turn();
      }),
    ),
  );
  expect(most).toBe(10);
  expect(budget.used).toBe(0);
});
