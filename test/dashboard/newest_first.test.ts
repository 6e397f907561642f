import { expect, test } from 'vitest';
import { listSegments } from '../../src/archive/segment_name.ts';
import { searchNewestFirst } from '../../src/dashboard/newest_first.ts';
import { parseQuery, type QueryOptions } from '../../src/query/query.ts';
import { writeQueryArchive } from '../helpers/query_archives.ts';
import { temporaryFolder, type TemporaryFolder } from '../helpers/temp_folder.ts';

const BLOCKS = 60;

const lineOf = (block: number, n: number): string => JSON.stringify({ n: block * 2 + n, m: 'x'.repeat(99) });

async function archive(): Promise<TemporaryFolder> {
  const folder = await temporaryFolder();
  const blocks = Array.from({ length: BLOCKS }, (_, b) => ({ lines: [lineOf(b, 0), lineOf(b, 1)] }));
  await writeQueryArchive(folder.path, blocks, { segmentMaxBytes: 1000 });
  return folder;
}

/** Is aborted when it was asked so often. */
function abortedAfter(times: number): AbortSignal {
  let asked = 0;
  return {
    get aborted() {
      asked += 1;
      return asked > times;
    },
  } as AbortSignal;
}

async function found(folder: string, wishes: QueryOptions, kept: number, asked = Infinity) {
  const query = parseQuery(wishes, Date.now());
  const result = await searchNewestFirst(folder, query, {
    kept,
    keptBytes: 100,
    signal: abortedAfter(asked),
  });
  const numbers = result.matches.map(({ line }) => Number(/"n":(\d+)/.exec(line.toString())?.[1]));
  return { ...result, numbers };
}

const newest = (count: number, last = BLOCKS * 2): number[] =>
  Array.from({ length: count }, (_, n) => last - 1 - n);

test('the newest are kept, newest first, and all are counted', async () => {
  await using folder = await archive();
  expect((await listSegments(folder.path)).length).toBeGreaterThan(5);
  for (const kept of [1, 7, 50, 120, 500])
    expect(await found(folder.path, {}, kept)).toMatchObject({
      numbers: newest(Math.min(kept, BLOCKS * 2)),
      found: BLOCKS * 2,
      isStopped: false,
      damaged: 0,
    });
  expect(await found(folder.path, { grep: '"n":1[01],' }, 10)).toMatchObject({ numbers: [11, 10], found: 2 });
  expect(await found(folder.path, { since: '2026-01-31T12:50:00Z' }, 100)).toMatchObject({ found: 20 });
});

test('a search that is stopped has the newest, and says how far back it came', async () => {
  await using folder = await archive();
  const stopped = await found(folder.path, {}, 10, 30);
  expect(stopped.isStopped).toBe(true);
  expect(stopped.numbers).toEqual(newest(10));
  expect(stopped.found).toBeLessThan(BLOCKS * 2);
  expect(stopped.reachedMs).toBeLessThanOrEqual(Date.now());
  expect(await found(folder.path, {}, 10, 0)).toMatchObject({ found: 0, isStopped: true });
});

test('what is kept of a line is cut, and in memory of its own', async () => {
  await using folder = await archive();
  const { matches } = await found(folder.path, {}, 1);
  expect(matches[0]?.line.length).toBe(100);
});
