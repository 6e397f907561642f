import { expect, test } from 'vitest';
import { number, resultsOf, spread } from '../../helpers/benchmarks.ts';

test('generate: made up and shipped, shipped from a file, made up alone', async () => {
  const { rows, bars } = await resultsOf('generate', '--entries', '3000');
  expect(rows.map(({ alternative }) => alternative)).toEqual(['generator', 'file', 'generator alone']);
  for (const row of rows) {
    expect(row).toMatchObject({
      entriesPerSecond: spread,
      cpuSecondsPerMillion: { shipper: spread, receiver: spread, both: spread },
      rounds: [{ entries: 3000, wallSeconds: number }],
    });
  }
  expect(bars).toHaveLength(1);
});
