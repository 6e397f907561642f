import { expect, test } from 'vitest';
import type { Sql } from '../../src/events/sql.ts';
import { Subscriptions } from '../../src/events/subscription.ts';

test('listening that failed is tried again by the next subscriber, and is nothing to wait for at the end', async () => {
  let tries = 0;
  const sql: Sql = {
    query: () => Promise.resolve([[1n, 'id', 'type', 1n, Buffer.of(), null, null]]),
    script: () => Promise.resolve(),
    transaction: () => Promise.reject(new Error('there are none')),
    listen: () => {
      tries += 1;
      return tries === 2 ? Promise.resolve(() => Promise.resolve()) : Promise.reject(new Error('away'));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const { signal } = new AbortController();
  {
    await using failing = new Subscriptions(sql);
    await expect(failing.subscribe(0, signal).next()).rejects.toThrow('away');
    expect(await failing.subscribe(0, signal).next()).toMatchObject({ value: [{ position: 1 }] });
  }
  const unlucky = new Subscriptions(sql);
  await expect(unlucky.subscribe(0, signal).next()).rejects.toThrow('away');
  await unlucky[Symbol.asyncDispose]();
});
