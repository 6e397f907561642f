import { describe, expect, test } from 'vitest';
import { FaultPair } from '../helpers/fault_pair.ts';
import { FaultProxy } from '../helpers/fault_proxy.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const LINES = 20_000;

/** A receiver, and a proxy before it; a file that is not yet shipped. */
async function pairBehindProxy({ keepsBytes = false } = {}) {
  const folder = await temporaryFolder();
  const pair = await FaultPair.in(folder.path);
  await pair.grow(LINES);
  await pair.startReceiver();
  const proxy = await FaultProxy.to(pair.port, { keepsBytes });
  return {
    pair,
    proxy,
    /** Starts the shipper, on a slow line; settles when more than so many lines are archived. */
    async shipsSlowly(archived: number, bytesPerSecond = 200_000): Promise<void> {
      proxy.faults = { bytesPerSecond };
      pair.startShipper(proxy.port);
      await pair.reaches(archived);
    },
    /** The shipper gets there by itself, and the archive is the file. */
    async expectRecovered(): Promise<void> {
      expect(await pair.shipper?.ended()).toMatchObject({ code: 0 });
      await pair.expectWholeAtTheEnd();
    },
    async [Symbol.asyncDispose]() {
      await pair[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

describe('the shipper gets through by itself, nothing is lost or doubled, where the network', () => {
  test.each(['close', 'reset'] as const)(
    'breaks every connection in the middle of a frame (%s)',
    async (by) => {
      await using line = await pairBehindProxy();
      const { pair, proxy } = line;
      proxy.faults = { breaksAfterBytes: { bytes: 30_001, by } };
      pair.startShipper(proxy.port);
      await until('five connections broke', () => proxy.connections > 5, 30_000);
      proxy.faults = {};
      await line.expectRecovered();
    },
  );

  test('breaks connections within the greeting', async () => {
    await using line = await pairBehindProxy();
    const { pair, proxy } = line;
    pair.startShipper(proxy.port);
    for (const bytes of [1, 4, 6, 7, 12, 40]) {
      const before = proxy.connections;
      proxy.faults = { breaksAfterBytes: { bytes, by: 'close' } };
      proxy.break('reset');
      await until(`a connection broke at byte ${bytes}`, () => proxy.connections > before + 1, 30_000);
    }
    proxy.faults = {};
    await line.expectRecovered();
  });

  test('is slow and late in both directions', async () => {
    await using line = await pairBehindProxy();
    const { pair, proxy } = line;
    proxy.faults = { delayMs: 20, bytesPerSecond: 300_000 };
    pair.startShipper(proxy.port);
    await line.expectRecovered();
    expect(proxy.connections, 'slow is not broken').toBe(1);
  });

  test('swallows acknowledgements until the connection breaks: what is stored is not stored again', async () => {
    await using line = await pairBehindProxy();
    const { pair, proxy } = line;
    await line.shipsSlowly(0);
    proxy.faults = { dropsAnswers: true };
    const before = await pair.archived();
    await until('data goes on arriving', async () => (await pair.archived()) > before);
    proxy.break('reset');
    proxy.faults = {};
    await line.expectRecovered();
    expect(proxy.connections).toBeGreaterThan(1);
  });

  test('swallows what the shipper sends until the connection breaks: it is sent again', async () => {
    await using line = await pairBehindProxy();
    const { proxy } = line;
    await line.shipsSlowly(0);
    proxy.faults = { dropsData: true };
    const before = proxy.sentBytes;
    await until('data is lost on the way', () => proxy.sentBytes > before);
    proxy.break('close');
    proxy.faults = {};
    await line.expectRecovered();
    expect(proxy.connections).toBeGreaterThan(1);
  });

  const soakTest = process.env.SOAK_MINUTES === undefined ? undefined : test;
  soakTest?.(
    'falls silent and never breaks: the shipper gives the connection up after a minute of no answer',
    async () => {
      await using line = await pairBehindProxy();
      const { pair, proxy } = line;
      await line.shipsSlowly(0);
      proxy.faults = { dropsData: true, dropsAnswers: true };
      await until(
        'the shipper gives it up',
        () => pair.shipper?.stderr.includes('nothing came') === true,
        90_000,
      );
      proxy.faults = {};
      await line.expectRecovered();
    },
    150_000,
  );

  test('is down for a while', async () => {
    await using line = await pairBehindProxy();
    const { pair, proxy } = line;
    await line.shipsSlowly(0);
    proxy.faults = { isDown: true };
    proxy.break('reset');
    await until(
      'the shipper has tried in vain',
      () => (pair.shipper?.stderr.match(/trying again/g) ?? []).length > 4,
    );
    proxy.faults = {};
    await line.expectRecovered();
  });

  test('delivers what a broken connection carried a second time, before the shipper is back', async () => {
    await using line = await pairBehindProxy({ keepsBytes: true });
    const { proxy } = line;
    await line.shipsSlowly(20_000);
    proxy.faults = { isDown: true };
    proxy.break('reset');
    await proxy.replay();
    await proxy.replay();
    proxy.faults = {};
    await line.expectRecovered();
  });
});

test('a connection that is duplicated while it lives takes the shipper over: it is told, and nothing is doubled', async () => {
  await using line = await pairBehindProxy({ keepsBytes: true });
  const { pair, proxy } = line;
  await line.shipsSlowly(20_000, 100_000);
  await proxy.replay();
  expect(await pair.shipper?.ended()).toMatchObject({ code: 1 });
  expect(pair.shipper?.stderr).toContain('taken_over');
  await pair.expectWholeAtTheEnd();
});
