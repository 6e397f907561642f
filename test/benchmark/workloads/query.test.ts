import { expect, test } from 'vitest';
import { resultsOf, spread } from '../../helpers/benchmarks.ts';

test('query: what it finds by text is what grep finds, and the bars are stated', async () => {
  const { rows, bars } = await resultsOf('query', '--entries', '20000');
  expect(rows.map(({ alternative }) => alternative)).toEqual([
    ...['zcat to grep', 'text', 'zcat to grep -E', 'expression'],
    ...['level error', 'one minute', 'every entry'],
  ]);
  for (const row of rows) expect(row).toMatchObject({ seconds: spread, cpuSeconds: spread });
  const found = new Map(rows.map((row) => [row.alternative, row.found]));
  expect(found.get('every entry')).toBe(20_000);
  expect(found.get('text')).toBeGreaterThan(500);
  expect(found.get('text')).toBe(found.get('zcat to grep'));
  expect(bars?.map(({ what }) => what)).toEqual([
    'text at most',
    'text, of zcat to grep at most',
    'expression, of zcat to grep -E at most',
    'one minute at most',
  ]);
}, 60_000);
