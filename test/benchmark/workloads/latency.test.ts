import { expect, test } from 'vitest';
import { number, resultsOf, spread } from '../../helpers/benchmarks.ts';

test('latency: each line has an acknowledgement, and a time', async () => {
  const { rows, bars } = await resultsOf('latency', '--seconds', '1', '--only', '1000/s');
  expect(rows).toMatchObject([
    {
      alternative: '1000/s',
      rate: 1000,
      p50Ms: spread,
      p90Ms: spread,
      p99Ms: spread,
      maxMs: spread,
      rounds: [{ lines: 1000, batches: number, behindMs: number }],
    },
  ]);
  expect(bars).toMatchObject([{ what: 'p99 at 1000/s at most', limit: 100, measured: number }]);
});

test('latency: a line waits for BATCH_INTERVAL where few come', async () => {
  const { rows } = await resultsOf('latency', '--seconds', '1', '--interval', '300', '--only', '100/s');
  expect((rows[0]?.maxMs as typeof spread).median).toBeGreaterThan(250);
});
