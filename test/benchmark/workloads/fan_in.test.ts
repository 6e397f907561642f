import { expect, test } from 'vitest';
import { number, resultsOf, spread } from '../../helpers/benchmarks.ts';

test('fan-in: the same total by one and by several, as programs and in drivers', async () => {
  const { rows, bars } = await resultsOf('fan-in', '--entries', '3001', '--shippers', '3');
  expect(rows.map(({ alternative, shippers }) => [alternative, shippers])).toEqual([
    ['one program', 1],
    ['a program each', 3],
    ['one in a driver', 1],
    ['many in drivers', 3],
  ]);
  for (const row of rows) {
    expect(row).toMatchObject({
      entries: 3000,
      entriesPerSecond: spread,
      cpuSecondsPerMillion: { shipper: spread, receiver: spread },
      medianDoneSeconds: spread,
      lastDoneSeconds: spread,
      lastToMedian: spread,
      rounds: [{ batches: row.shippers, doneSeconds: Array(row.shippers as number).fill(number) }],
    });
  }
  expect(bars).toHaveLength(3);
});
