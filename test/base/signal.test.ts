import { expect, test } from 'vitest';
import { Signal } from '../../src/base/signal.ts';

test('a notification wakes all who wait, once', async () => {
  const signal = new Signal();
  let woken = 0;
  const first = [signal.wait(), signal.wait()].map((wait) => wait.then(() => (woken += 1)));
  signal.notify();
  await Promise.all(first);
  expect(woken).toBe(2);
  const later = signal.wait().then(() => (woken += 1));
  await Promise.resolve();
  expect(woken).toBe(2);
  signal.notify();
  await later;
  expect(woken).toBe(3);
});

test('a notification for nobody is not kept', async () => {
  const signal = new Signal();
  signal.notify();
  let isWoken = false;
  const waiting = signal.wait().then(() => (isWoken = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(isWoken).toBe(false);
  signal.notify();
  await waiting;
});
