import { expect, test } from 'vitest';
import { number, resultsOf, spread } from '../../helpers/benchmarks.ts';

test('thrift: each client over each protocol, every answered entry counted in the archive', async () => {
  const { rows, bars } = await resultsOf('thrift', '--calls', '60', '--connections', '4', '--entries', '10');
  expect(rows.map(({ alternative }) => alternative)).toEqual([
    'own-binary',
    'own-compact',
    'own-json',
    'library-binary',
    'library-compact',
  ]);
  for (const row of rows)
    expect(row).toMatchObject({ entriesPerSecond: spread, cpuMicrosecondsPerEntry: spread, peakMib: spread });
  expect(bars).toMatchObject([250_000, 150_000].map((limit) => ({ limit, measured: number })));
});
