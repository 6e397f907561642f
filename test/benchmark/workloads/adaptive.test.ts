import { expect, test } from 'vitest';
import { number, resultsOf, spread } from '../../helpers/benchmarks.ts';

test('adaptive: under full load and on a slow line, beside level 1', async () => {
  const size = ['--entries', '2000', '--rate', '1000', '--seconds', '1'];
  const { rows, bars } = await resultsOf('adaptive', ...size);
  const names = ['gzip 1', 'adaptive'];
  expect(rows.map(({ alternative, load }) => [alternative, load])).toEqual([
    ...names.map((name) => [name, 'full']),
    ...names.map((name) => [name, 'slow']),
  ]);
  for (const row of rows) {
    expect(row).toMatchObject({ entriesPerSecond: spread, cpuSecondsPerMillion: spread, ratio: spread });
    expect((row.ratio as typeof spread).median).toBeGreaterThan(2);
  }
  expect(bars).toMatchObject([{ limit: 15, measured: number }, { measured: number }]);
});
