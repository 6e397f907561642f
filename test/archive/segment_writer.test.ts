import { readdir } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { listSegments } from '../../src/archive/segment_name.ts';
import { verify } from '../../src/tools/verify.ts';
import { openArchive } from '../helpers/archives.ts';
import { RECEIVED_AT_MS, makeBlock, makeBlocks, sequencesIn } from '../helpers/blocks.ts';
import { codeOf } from '../helpers/errors.ts';
import { FaultyDisk, type Fault } from '../helpers/faulty_disk.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

/** What `verify` has to say of an archive. */
async function verified(folder: string): Promise<string> {
  let said = '';
  await verify([folder], { write: (text: string) => (said += text) });
  return said;
}

const OUTAGES: { what: string; faults: Fault[] }[] = [
  { what: 'writing', faults: ['write'] },
  { what: 'writing half of it', faults: ['short write'] },
  { what: 'syncing', faults: ['sync'] },
  { what: 'reopening after a write', faults: ['write', 'reopen'] },
  { what: 'cutting off what was not synced', faults: ['sync', 'reopen'] },
  { what: 'closing after a sync', faults: ['sync', 'close'] },
];

describe.each(OUTAGES)('while $what fails', ({ faults }) => {
  test.each([
    ['in a new archive', 0],
    ['in a segment with blocks', 2],
  ])('nothing is acknowledged, and then everything is stored once: %s', async (_, before) => {
    await using folder = await temporaryFolder();
    const disk = new FaultyDisk();
    {
      await using opened = await openArchive(folder.path, { disk });
      for (const block of await makeBlocks(1, before)) await opened.archive.append(block);
      for (const fault of faults) disk.faults.add(fault);
      let settled = 0;
      const appends = (await makeBlocks(before + 1, before + 3)).map((block) =>
        opened.archive.append(block).finally(() => (settled += 1)),
      );
      await until('it has failed several times', () => disk.failures >= 4 * faults.length);
      expect({ settled, trouble: opened.archive.trouble?.message }).toMatchObject({
        settled: 0,
        trouble: expect.stringContaining('the disk fails') as string,
      });
      expect(opened.reports).toMatchObject({
        stored: Array.from({ length: before }, (__, index) => index + 1),
        recovered: 0,
      });
      expect(opened.reports.troubled).toHaveLength(1);
      disk.faults.clear();
      expect(await Promise.all(appends)).toEqual(['stored', 'stored', 'stored']);
      expect(opened.archive.trouble).toBeUndefined();
      expect(opened.reports).toMatchObject({
        recovered: 1,
        stored: Array.from({ length: before + 3 }, (__, index) => index + 1),
      });
      expect(opened.reports.troubled).toHaveLength(1);
    }
    expect(await sequencesIn(folder.path)).toEqual(
      Array.from({ length: before + 3 }, (__, index) => index + 1),
    );
    expect(await verified(folder.path)).toContain('clean');
  });
});

describe.each(['create', 'create half-way'] as const)('while a new segment can not be made (%s)', (fault) => {
  test('nothing is acknowledged, and then everything is stored once', async () => {
    await using folder = await temporaryFolder();
    const disk = new FaultyDisk();
    let now = RECEIVED_AT_MS;
    {
      await using opened = await openArchive(folder.path, {
        disk,
        segmentMaxBytes: 1,
        now: () => (now += 400),
      });
      await opened.archive.append(await makeBlock());
      disk.faults.add(fault);
      const appended = opened.archive.append(await makeBlock({ sequence: 2 }));
      await until('it has failed several times', () => disk.count('create') >= 5);
      expect(opened.reports).toMatchObject({ stored: [1], recovered: 0 });
      disk.faults.clear();
      expect(await appended).toBe('stored');
      expect(opened.reports).toMatchObject({ stored: [1, 2], recovered: 1 });
    }
    expect(await verified(folder.path)).toContain('clean');
    expect(await sequencesIn(folder.path)).toEqual([1, 2]);
  });
});

test('a segment that was made and then refused does not keep its name from the next, though the clock stands still', async () => {
  await using folder = await temporaryFolder();
  const disk = new FaultyDisk();
  disk.faults.add('create half-way');
  await using opened = await openArchive(folder.path, { disk });
  const appended = codeOf(async () => opened.archive.append(await makeBlock()));
  await until('it has failed', () => disk.count('create') >= 1);
  disk.faults.clear();
  const tried = disk.count('create');
  await until(
    'it is tried again',
    () => disk.count('create') >= tried + 3 || opened.reports.stored.length === 1,
  );
  await opened[Symbol.asyncDispose]();
  expect(await appended).toBe('no error');
});

test('a segment whose sync failed is not written again, and keeps only what was acknowledged', async () => {
  await using folder = await temporaryFolder();
  const disk = new FaultyDisk();
  await using opened = await openArchive(folder.path, { disk });
  await opened.archive.append(await makeBlock());
  disk.fails = (fault) => fault === 'sync' && disk.failures === 0;
  await opened.archive.append(await makeBlock({ sequence: 2 }));
  await opened.archive.append(await makeBlock({ sequence: 3 }));
  const [first, second] = await listSegments(folder.path);
  expect([first?.name, second?.name]).toEqual([
    'logs_20260131_120000.jsonl.gz',
    'logs_20260131_120000_001.jsonl.gz',
  ]);
  expect(await sequencesIn(folder.path)).toEqual([1, 2, 3]);
  expect(disk.count('create')).toBe(2);
});

test('with FSYNC=interval a sync that fails is troubled, and the segment is not written again', async () => {
  await using folder = await temporaryFolder();
  const disk = new FaultyDisk();
  await using opened = await openArchive(folder.path, { disk, fsync: 'interval', fsyncEveryMs: 5 });
  disk.faults.add('sync');
  await opened.archive.append(await makeBlock());
  await until('the trouble is told', () => opened.reports.troubled.length === 1);
  disk.faults.clear();
  await opened.archive.append(await makeBlock({ sequence: 2 }));
  await until('the end of it is told', () => opened.reports.recovered === 1);
  expect(await listSegments(folder.path)).toHaveLength(2);
  expect(await sequencesIn(folder.path)).toEqual([1, 2]);
});

test('closing while the disk fails refuses what was not stored as unavailable, and lets the folder go', async () => {
  await using folder = await temporaryFolder();
  const disk = new FaultyDisk();
  const opened = await openArchive(folder.path, { disk, retryAfterMs: 60_000 });
  await opened.archive.append(await makeBlock());
  disk.faults.add('write');
  const appends = (await makeBlocks(2, 3)).map(async (block) => codeOf(() => opened.archive.append(block)));
  await until('the trouble is told', () => opened.reports.troubled.length === 1);
  await opened[Symbol.asyncDispose]();
  expect(await Promise.all(appends)).toEqual(['unavailable', 'unavailable']);
  expect(await sequencesIn(folder.path)).toEqual([1]);
  await using again = await openArchive(folder.path);
  expect(await again.archive.append(await makeBlock({ sequence: 2 }))).toBe('stored');
});

test('whatever fails and when, everything is stored once and in order', async () => {
  const plan = fc.array(fc.nat(3), { minLength: 100, maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(plan, fc.integer({ min: 1, max: 600 }), async (planned, segmentMaxBytes) => {
      await using folder = await temporaryFolder();
      const disk = new FaultyDisk();
      let asked = 0;
      disk.fails = () => planned[asked++] === 3;
      let now = RECEIVED_AT_MS;
      {
        await using opened = await openArchive(folder.path, {
          disk,
          segmentMaxBytes,
          retryAfterMs: 0,
          now: () => (now += 1000),
        });
        const [a, b] = await Promise.all([makeBlocks(1, 8), makeBlocks(1, 8, { shipperId: 'b' })]);
        const run = async (blocks: typeof a): Promise<void> => {
          await Promise.all(blocks.slice(0, 4).map((block) => opened.archive.append(block)));
          for (const block of blocks.slice(4)) await opened.archive.append(block);
        };
        await Promise.all([run(a), run(b)]);
        disk.fails = () => false;
      }
      for (const id of ['a', 'b'])
        expect(await sequencesIn(folder.path, id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    }),
    { numRuns: 40 },
  );
});

test('a folder that holds only segments, checkpoint, mark and lock has no drafts left in it', async () => {
  await using folder = await temporaryFolder();
  await using opened = await openArchive(folder.path, { segmentMaxBytes: 1 });
  for (const block of await makeBlocks(1, 3)) await opened.archive.append(block);
  const others = (await readdir(folder.path)).filter((name) => !name.startsWith('logs_'));
  expect(others.filter((name) => name !== 'committed.json').sort()).toEqual(['checkpoint.json', 'lock.sock']);
});
