import { expect, test } from 'vitest';
import { number, resultsOf, spread } from '../../helpers/benchmarks.ts';

test('idle: CPU and memory of both programs', async () => {
  const { rows, bars } = await resultsOf('idle', '--seconds', '1');
  expect(rows).toMatchObject([
    { alternative: 'receiver', cpuPercent: spread, residentBytes: spread },
    { alternative: 'shipper', cpuPercent: spread, residentBytes: spread },
  ]);
  for (const { residentBytes } of rows) {
    expect((residentBytes as typeof spread).median).toBeGreaterThan(20 * 2 ** 20);
  }
  expect(bars).toHaveLength(4);
  expect(bars?.[0]).toMatchObject({ what: 'CPU of an idle receiver at most', measured: number });
});
