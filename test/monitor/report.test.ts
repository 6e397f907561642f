import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Ledger } from '../../src/monitor/ledger.ts';
import { reportThroughput } from '../../src/monitor/report.ts';
import { collectLogs } from '../helpers/logs.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('once a second, while anything arrives, the rate is told with the totals; a quiet second is not', () => {
  const { log, lines } = collectLogs();
  const ledger = new Ledger();
  const stop = reportThroughput(ledger, log, Date.now);
  vi.advanceTimersByTime(3000);
  expect(lines).toEqual([]);

  Object.assign(ledger, { stored: 500, batches: 5, bytesIn: 800, rawBytes: 10_000, archivedBytes: 750 });
  ledger.connections = 2;
  vi.advanceTimersByTime(1000);
  ledger.stored += 200;
  vi.advanceTimersByTime(3000);
  expect(lines).toMatchObject([
    {
      msg: '[METRIC] Logs processed: 500 logs/sec',
      ...{ logsPerSecond: 500, total: 500, batches: 5, bytesIn: 800, bytesArchived: 750 },
      ...{ ratio: 13.33, connections: 2, repeated: 0, rejected: 0, lost: 0, acknowledging: true },
    },
    { msg: '[METRIC] Logs processed: 200 logs/sec', total: 700 },
  ]);
  stop();
});

test('what arrives and is not yet stored is told too', () => {
  const { log, at } = collectLogs();
  const ledger = new Ledger();
  const stop = reportThroughput(ledger, log, Date.now);
  ledger.bytesIn = 1;
  vi.advanceTimersByTime(1000);
  expect(at('info')).toEqual(['[METRIC] Logs processed: 0 logs/sec']);
  stop();
});

test('the end tells what was not yet told, and nothing after it', () => {
  const { log, at } = collectLogs();
  const ledger = new Ledger();
  const stop = reportThroughput(ledger, log, Date.now);
  vi.advanceTimersByTime(1500);
  ledger.stored = 30;
  stop();
  expect(at('info')).toEqual(['[METRIC] Logs processed: 60 logs/sec']);
  ledger.stored = 60;
  vi.advanceTimersByTime(5000);
  expect(at('info')).toHaveLength(1);
});
