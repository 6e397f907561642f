import { expect, test } from 'vitest';
import { number, resultsOf, spread } from '../../helpers/benchmarks.ts';

test('plain: frames of each kind, every entry in the archive', async () => {
  const { rows, bars } = await resultsOf('plain', '--entries', '2000', '--clients', '2');
  expect(rows.map(({ alternative }) => alternative)).toEqual(['gzip 6', 'zlib 6', 'none']);
  for (const row of rows) {
    expect(row).toMatchObject({
      entries: 2000,
      entriesPerSecond: spread,
      cpuSecondsPerMillion: spread,
      startCpuSeconds: spread,
      peakBytes: spread,
      frameBytes: number,
    });
  }
  expect(bars).toMatchObject([{ limit: 2, measured: number }]);
});
