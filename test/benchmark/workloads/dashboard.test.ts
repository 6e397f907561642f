import { expect, test } from 'vitest';
import { number, resultsOf, spread } from '../../helpers/benchmarks.ts';

test('dashboard: every entry archived, with pages open and without', async () => {
  const { rows, bars } = await resultsOf('dashboard', '--entries', '2000', '--viewers', '3');
  expect(rows).toMatchObject([
    { alternative: 'none', entriesPerSecond: spread, bytesPerViewer: { median: 0 } },
    { alternative: 'nobody looks', receiverCpuSecondsPerMillion: spread, bytesPerViewer: { median: 0 } },
    { alternative: 'watched', entriesPerSecond: spread },
  ]);
  expect((rows[2]?.bytesPerViewer as { median: number }).median).toBeGreaterThan(100);
  expect(bars).toMatchObject([5, 5].map((limit) => ({ limit, measured: number })));
});
