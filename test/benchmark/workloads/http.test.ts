import { expect, test } from 'vitest';
import { number, resultsOf, spread } from '../../helpers/benchmarks.ts';

test('http: each endpoint under each load, every 200 counted where it is kept', async () => {
  const { rows, bars } = await resultsOf('http', '--requests', '300', '--connections', '10');
  expect(rows.map(({ alternative, load }) => `${String(alternative)}, ${String(load)}`)).toEqual([
    'bare, single events',
    'Redis, single events',
    'archive, single events',
    'bare, arrays of 100',
    'Redis, arrays of 100',
    'archive, arrays of 100',
  ]);
  for (const row of rows) {
    expect(row).toMatchObject({
      requestsPerSecond: spread,
      eventsPerSecond: spread,
      cpuMicrosecondsPerEvent: spread,
      p50Ms: spread,
      p99Ms: spread,
    });
  }
  expect(bars).toMatchObject([45, 100, 45, 100].map((limit) => ({ limit, measured: number })));
});
