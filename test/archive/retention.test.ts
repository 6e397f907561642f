import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { ArchiveOptions } from '../../src/archive/archive.ts';
import { DELETED_FILE } from '../../src/archive/deleted.ts';
import { overdueSegments } from '../../src/archive/retention.ts';
import { listSegments, parseSegmentName } from '../../src/archive/segment_name.ts';
import { systemDisk } from '../../src/archive/disk.ts';
import { openArchive, writeArchive } from '../helpers/archives.ts';
import { EPOCH, RECEIVED_AT_MS, makeBlock, makeBlocks, sequencesIn } from '../helpers/blocks.ts';
import { verdictOn } from '../helpers/receivers.ts';
import { temporaryFolder, type TemporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const HOUR_MS = 3_600_000;
const NO_LIMITS = { maxBytes: 0, maxAgeMs: 0 };

/** A segment a block. */
const SMALL: Partial<ArchiveOptions> = { segmentMaxBytes: 1 };

const segmentOf = (hour: number, bytes: number) => {
  const name = parseSegmentName(`logs_20260131_${String(hour).padStart(2, '0')}0000.jsonl.gz`);
  if (name === undefined) throw new Error('not a segment name');
  return { ...name, bytes };
};
const SEGMENTS = [segmentOf(1, 100), segmentOf(2, 200), segmentOf(3, 300)];
const AT_NOON_MS = Date.UTC(2026, 0, 31, 12);

describe('of three segments, begun at 1, 2 and 3 o’clock, of 100, 200 and 300 bytes, it is noon:', () => {
  test.each([
    ['no limits', {}, 0],
    ['exactly what there is', { maxBytes: 600 }, 0],
    ['a byte less', { maxBytes: 599 }, 1],
    ['what the last two take', { maxBytes: 500 }, 1],
    ['a byte less than the last two', { maxBytes: 499 }, 2],
    ['one byte', { maxBytes: 1 }, 2],
    ['exactly the age of the first one’s end', { maxAgeMs: 10 * HOUR_MS }, 0],
    ['a moment less', { maxAgeMs: 10 * HOUR_MS - 1 }, 1],
    ['a millisecond', { maxAgeMs: 1 }, 2],
    ['bytes for all, an age for the last two', { maxBytes: 600, maxAgeMs: 9.5 * HOUR_MS }, 1],
    ['bytes for one, an age for all', { maxBytes: 300, maxAgeMs: 99 * HOUR_MS }, 2],
  ])('%s', (_, limits, deleted) => {
    expect(overdueSegments(SEGMENTS, { ...NO_LIMITS, ...limits }, AT_NOON_MS)).toEqual(
      SEGMENTS.slice(0, deleted),
    );
  });
});

test('of no segments, and of one, nothing is deleted', () => {
  const strict = { maxBytes: 1, maxAgeMs: 1 };
  expect(overdueSegments([], strict, AT_NOON_MS)).toEqual([]);
  expect(overdueSegments([segmentOf(1, 100)], strict, AT_NOON_MS)).toEqual([]);
});

/** What two of the segments take that `SMALL` makes. */
async function bytesOfTwo(): Promise<number> {
  await using folder = await temporaryFolder();
  await writeArchive(folder.path, await makeBlocks(1, 2), 'one by one', SMALL);
  return await sizeOf(folder);
}

async function sizeOf(folder: TemporaryFolder): Promise<number> {
  const sizes = await Promise.all(
    (await listSegments(folder.path)).map(async ({ name }) => (await stat(folder.in(name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

describe('an archive', () => {
  test('past its bytes deletes the oldest segments at rotation, tells each, and verifies clean', async () => {
    await using folder = await temporaryFolder();
    const deleted: string[] = [];
    const retention = { ...NO_LIMITS, maxBytes: await bytesOfTwo() };
    {
      await using opened = await openArchive(folder.path, {
        ...SMALL,
        retention,
        report: { deleted: ({ name }) => deleted.push(name) },
      });
      for (const block of await makeBlocks(1, 6)) await opened.archive.append(block);
      await until('four have gone', () => deleted.length === 4);
    }
    expect(await sequencesIn(folder.path)).toEqual([5, 6]);
    expect(await sizeOf(folder)).toBeLessThanOrEqual(retention.maxBytes);
    expect(deleted).toEqual([...deleted].sort());
    expect(await verdictOn(folder.path)).toMatchObject({ code: 0 });
  });

  test('notes that it deletes before the first segment goes, and only then', async () => {
    await using folder = await temporaryFolder();
    await writeArchive(folder.path, await makeBlocks(1, 3), 'one by one', SMALL);
    const [oldest] = await listSegments(folder.path);
    const notes: string[] = [];
    const remove = async (path: string): Promise<void> => {
      notes.push(await readFile(folder.in(DELETED_FILE), 'utf8'));
      await systemDisk.remove(path);
    };
    const retention = { ...NO_LIMITS, maxBytes: 1 };
    {
      await using opened = await openArchive(folder.path, {
        ...{ ...SMALL, retention },
        disk: { ...systemDisk, remove },
      });
      await opened.archive.append(await makeBlock({ sequence: 4 }));
      await until('one is left', async () => (await listSegments(folder.path)).length === 1, 30_000);
    }
    const note = `${JSON.stringify({ segment: oldest?.name })}\n`;
    expect(notes).toEqual([note, note, note]);
  });

  test('that can not note it, as on a full disk, says so and deletes all the same', async () => {
    await using folder = await temporaryFolder();
    await mkdir(folder.in(`${DELETED_FILE}.new`), { recursive: true });
    await writeArchive(folder.path, await makeBlocks(1, 3), 'one by one', SMALL);
    await using opened = await openArchive(folder.path, {
      ...SMALL,
      retention: { ...NO_LIMITS, maxBytes: 1 },
    });
    await opened.archive.append(await makeBlock({ sequence: 4 }));
    await until('one is left', async () => (await listSegments(folder.path)).length === 1, 30_000);
    expect(opened.reports.findings[0]).toMatch(/^it could not be noted that logs_.* is deleted: EISDIR/);
  });

  test('deletes what became too old without a rotation', async () => {
    await using folder = await temporaryFolder();
    await writeArchive(folder.path, await makeBlocks(1, 3), 'one by one', SMALL);
    let nowMs = RECEIVED_AT_MS;
    await using opened = await openArchive(folder.path, {
      ...SMALL,
      retention: { ...NO_LIMITS, maxAgeMs: HOUR_MS },
      retainEveryMs: 1,
      now: () => nowMs,
    });
    await opened.archive.append(await makeBlock({ sequence: 4 }));
    expect(await sequencesIn(folder.path)).toEqual([1, 2, 3, 4]);
    nowMs += HOUR_MS + 1;
    await until('one is left', async () => (await listSegments(folder.path)).length === 1);
    expect(await sequencesIn(folder.path)).toEqual([4]);
  });

  test('reopened after retention knows every shipper, also those whose segments have all gone', async () => {
    await using folder = await temporaryFolder();
    const positions = { 'a.log': { offset: 5, head: 'ab', headBytes: 1 } };
    const retention = { ...NO_LIMITS, maxBytes: 1 };
    await writeArchive(folder.path, await makeBlocks(1, 3, { positions }), 'one by one', SMALL);
    await writeArchive(folder.path, await makeBlocks(1, 2, { shipperId: 'b' }), 'one by one', {
      ...SMALL,
      retention,
    });
    expect(await sequencesIn(folder.path)).toEqual([]);
    await using opened = await openArchive(folder.path, { ...SMALL, retention });
    expect(opened.reports.findings).toEqual([]);
    expect(await opened.archive.resumePoint('a')).toMatchObject({ epoch: EPOCH, sequence: 3, positions });
    expect(await opened.archive.append(await makeBlock({ sequence: 3 }))).toBe('repeated');
    expect(await opened.archive.append(await makeBlock({ sequence: 4 }))).toBe('stored');
  });

  test('never deletes what no checkpoint counts in', async () => {
    await using folder = await temporaryFolder();
    await writeArchive(folder.path, await makeBlocks(1, 3), 'one by one', SMALL);
    await rm(folder.in('checkpoint.json'));
    const retention = { ...NO_LIMITS, maxBytes: 1 };
    {
      await using opened = await openArchive(folder.path, { segmentMaxBytes: 1e6, retention });
      await opened.archive.append(await makeBlock({ sequence: 4 }));
    }
    expect(await sequencesIn(folder.path)).toEqual([1, 2, 3, 4]);
    await using opened = await openArchive(folder.path, { segmentMaxBytes: 1e6, retention });
    await until('those before it have gone', async () => (await listSegments(folder.path)).length === 1);
    expect(await sequencesIn(folder.path)).toEqual([3, 4]);
    expect(await opened.archive.resumePoint('a')).toMatchObject({ sequence: 4 });
  });

  test('that lost its checkpoint after retention has forgotten: a number line begins anywhere', async () => {
    await using folder = await temporaryFolder();
    const retention = { ...NO_LIMITS, maxBytes: 1 };
    await writeArchive(folder.path, await makeBlocks(1, 3), 'one by one', { ...SMALL, retention });
    await writeArchive(folder.path, await makeBlocks(1, 2, { shipperId: 'b' }), 'one by one', {
      ...SMALL,
      retention,
    });
    await rm(folder.in('checkpoint.json'));
    {
      await using opened = await openArchive(folder.path, SMALL);
      expect(await opened.archive.resumePoint('a')).toBeUndefined();
      expect(await opened.archive.resumePoint('b')).toMatchObject({ sequence: 2 });
      expect(await opened.archive.append(await makeBlock({ sequence: 4 }))).toBe('stored');
    }
    expect(await verdictOn(folder.path)).toMatchObject({ code: 0 });
  });

  test('that can not delete says so and goes on', async () => {
    await using folder = await temporaryFolder();
    await writeArchive(folder.path, await makeBlocks(1, 3), 'one by one', SMALL);
    const disk = { ...systemDisk, remove: () => Promise.reject(new Error('not permitted')) };
    await using opened = await openArchive(folder.path, {
      ...SMALL,
      retention: { ...NO_LIMITS, maxBytes: 1 },
      disk,
    });
    expect(await opened.archive.append(await makeBlock({ sequence: 4 }))).toBe('stored');
    await until('it is told', () => opened.reports.findings.length > 0);
    expect(opened.reports.findings[0]).toContain('not permitted');
    expect(await sequencesIn(folder.path)).toEqual([1, 2, 3, 4]);
  });
});
