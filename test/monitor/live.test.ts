import { expect, test } from 'vitest';
import { Ledger } from '../../src/monitor/ledger.ts';
import { Live } from '../../src/monitor/live.ts';
import { ProcessFigures } from '../../src/monitor/process_figures.ts';
import { RECENT_SECONDS, RecentSeconds } from '../../src/monitor/recent_seconds.ts';
import { OTHER } from '../../src/monitor/shipper_table.ts';

function watched(now: () => number) {
  const ledger = new Ledger();
  const process = new ProcessFigures();
  const live = new Live({ ledger, health: () => ({ state: 'ok' }), archive: () => undefined, process, now });
  return {
    ledger,
    live,
    [Symbol.dispose]() {
      live[Symbol.dispose]();
      process[Symbol.dispose]();
    },
  };
}

test('rates of the moment, of the receiver and of each shipper', () => {
  let now = 0;
  using subject = watched(() => now);
  const { ledger, live } = subject;
  ledger.shippers.opened('web-1', 'a:1').took();
  for (let second = 1; second <= 5; second += 1) {
    now = second * 1000;
    ledger.stored += 100;
    ledger.shippers.stored({ shipperId: 'web-1', count: 60, rawLength: 600, body: { length: 60 } });
    ledger.shippers.stored({ shipperId: 'web-2', count: 40, rawLength: 400, body: { length: 40 } });
    live.tick();
  }
  const { perSecond, shippers, entries, archive } = live.figures;
  expect(perSecond.logs).toBe(100);
  expect(shippers.map(({ id, entriesPerSecond, lagSeconds }) => [id, entriesPerSecond, lagSeconds])).toEqual([
    ['web-1', 60, expect.any(Number)],
    ['web-2', 40, 0],
  ]);
  expect(shippers[0]?.lagSeconds).toBeGreaterThanOrEqual(0);
  expect(entries.stored).toBe(500);
  expect(archive).toBeUndefined();
  expect(live.history(3)).toEqual({
    untilMs: 5000,
    perSecond: { logs: [100, 100, 100], bytesIn: [0, 0, 0], archivedBytes: [0, 0, 0], acks: [0, 0, 0] },
  });
});

test('a shipper whose row is given up makes no rate of the others', () => {
  let now = 0;
  using subject = watched(() => now);
  const { ledger, live } = subject;
  const tick = (): void => {
    now += 1000;
    live.tick();
  };
  const store = (shipperId: string, count: number): void =>
    ledger.shippers.stored({ shipperId, count, rawLength: count, body: { length: count } });
  const early = ledger.shippers.opened('early', 'a:1');
  store('early', 1_000_000);
  for (let id = 1; id < 200; id += 1) ledger.shippers.opened(`web-${id}`, 'a:1');
  store('late', 1);
  tick();
  early.closed();
  ledger.shippers.opened('web-200', 'a:1');
  store('late', 2);
  tick();
  expect(live.figures.shippers.find(({ id }) => id === OTHER)).toMatchObject({
    storedEntries: 1_000_003,
    entriesPerSecond: 2,
  });
});

test('figures go through JSON unharmed', () => {
  using subject = watched(Date.now);
  const { ledger, live } = subject;
  ledger.acks.observe(100);
  const { figures } = live;
  expect(JSON.parse(JSON.stringify(figures))).toEqual(figures);
  expect(figures.ackSeconds).toEqual({ median: null, p99: null });
});

test('the ring keeps an hour, and shares out what a late look missed', () => {
  const recent = new RecentSeconds({ logs: 0 }, 0);
  recent.tick({ logs: 10 }, 1000);
  recent.tick({ logs: 40 }, 4000);
  expect(recent.last(10).perSecond.logs).toEqual([10, 10, 10, 10]);
  for (let second = 5; second < 2 * RECENT_SECONDS; second += 1)
    recent.tick({ logs: 40 + second }, second * 1000);
  expect(recent.last(1e9).perSecond.logs).toHaveLength(RECENT_SECONDS);
  expect(recent.last(0).perSecond.logs).toEqual([]);
  expect(recent.mean('logs', 60)).toBe(1);
});

test('a clock that goes back or leaps ahead breaks nothing', () => {
  const recent = new RecentSeconds({ logs: 0 }, 1_000_000);
  recent.tick({ logs: 5 }, 0);
  recent.tick({ logs: 5 }, 1e15);
  const { logs } = recent.last(RECENT_SECONDS).perSecond;
  expect(logs).toHaveLength(RECENT_SECONDS);
  expect(logs.every((rate) => Number.isFinite(rate) && rate >= 0)).toBe(true);
});
