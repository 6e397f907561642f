import { expect, test } from 'vitest';
import { resultsOf, spread } from '../../helpers/benchmarks.ts';

test('scale: by entries, by connections, by cores', async () => {
  const { rows } = await resultsOf('scale', '--entries', '2000', '--connections', '10');
  const points = rows.map(({ alternative, of, entries }) => [alternative, of, entries]);
  expect(points.slice(0, 3)).toEqual([
    ['entries', 2000, 2000],
    ['connections', 1, 2000],
    ['connections', 10, 2000],
  ]);
  const cores = points.slice(3);
  expect([
    [],
    [
      ['cores', 1, 2000],
      ['cores', 2, 2000],
    ],
  ]).toContainEqual(cores);
  for (const row of rows) {
    expect(row).toMatchObject({
      entriesPerSecond: spread,
      startCpuSeconds: spread,
      cpuSecondsPerMillion: { shipper: spread, receiver: spread, both: spread },
    });
  }
});
