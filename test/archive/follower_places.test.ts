import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { ArchiveOptions } from '../../src/archive/archive.ts';
import {
  addLoss,
  forgetPlace,
  publishPlace,
  readLoss,
  readPlaces,
  type FollowerPlace,
} from '../../src/archive/follower_places.ts';
import { bytesBehind } from '../../src/archive/lag.ts';
import { deletableSegments } from '../../src/archive/retention.ts';
import { listSegments, parseSegmentName } from '../../src/archive/segment_name.ts';
import { openArchive, writeArchive } from '../helpers/archives.ts';
import { blocksIn, makeBlock, makeBlocks, sequencesIn } from '../helpers/blocks.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const PLACE: FollowerPlace = { savedAt: '2026-01-31T12:00:00.000Z', entries: 5, malformed: 1 };

/** A segment a block. */
const SMALL: Partial<ArchiveOptions> = { segmentMaxBytes: 1, retainEveryMs: 5 };

test('places are read as they were published, and forgotten when told', async () => {
  await using folder = await temporaryFolder();
  expect(await readPlaces(folder.path)).toEqual(new Map());
  const position = { segment: 'logs_20260131_120000.jsonl.gz', offset: 5 };
  await publishPlace(folder.path, 'csv', PLACE);
  await publishPlace(folder.path, 'sqlite', { ...PLACE, position });
  await addLoss(folder.path, 'csv', 3);
  await addLoss(folder.path, 'csv', 4);
  expect(await readPlaces(folder.path)).toEqual(
    new Map([
      ['csv', PLACE],
      ['sqlite', { ...PLACE, position }],
    ]),
  );
  expect(await readLoss(folder.path, 'csv')).toEqual({ segments: 2, entries: 7 });
  expect(await readLoss(folder.path, 'sqlite')).toEqual({ segments: 0, entries: 0 });
  expect(await forgetPlace(folder.path, 'csv')).toBe(true);
  expect(await forgetPlace(folder.path, 'csv')).toBe(false);
  expect([...(await readPlaces(folder.path)).keys()]).toEqual(['sqlite']);
  expect(await readLoss(folder.path, 'csv')).toEqual({ segments: 0, entries: 0 });
});

test('a place that can not be read is one before the first block', async () => {
  await using folder = await temporaryFolder();
  await mkdir(folder.in('followers'));
  await writeFile(folder.in('followers', 'text.json'), '{"posi');
  expect([...(await readPlaces(folder.path))]).toEqual([['text', { savedAt: '', entries: 0, malformed: 0 }]]);
});

test('what is behind a place is what is left of its segment, and all after it', async () => {
  await using folder = await temporaryFolder();
  await writeArchive(folder.path, await makeBlocks(1, 4), 'one by one', { segmentMaxBytes: 400 });
  const blocks = await blocksIn(folder.path);
  const all = blocks.reduce((sum, { offset, endOffset }) => sum + endOffset - offset, 0);
  expect(await bytesBehind(folder.path, undefined)).toBe(all);
  let left = all;
  for (const { segment, offset, endOffset } of blocks) {
    expect(await bytesBehind(folder.path, { segment, offset })).toBe(left);
    left -= endOffset - offset;
    expect(await bytesBehind(folder.path, { segment, offset: endOffset })).toBe(left);
  }
  expect(left).toBe(0);
});

test('a segment that retention deletes while it is looked at is behind nobody', async () => {
  await using folder = await temporaryFolder();
  await writeFile(folder.in('logs_20260131_120000.jsonl.gz'), 'x'.repeat(10));
  // Its name is there, and it is not.
  await symlink(folder.in('gone'), folder.in('logs_20260131_110000.jsonl.gz'));
  expect(await bytesBehind(folder.path, undefined)).toBe(10);
});

const segmentOf = (hour: number) => {
  const name = parseSegmentName(`logs_20260131_${String(hour).padStart(2, '0')}0000.jsonl.gz`);
  if (name === undefined) throw new Error('not a segment name');
  return { ...name, bytes: 100 };
};
const SEGMENTS = [1, 2, 3, 4, 5, 6, 7, 8].map(segmentOf);
const AT_NOON_MS = Date.UTC(2026, 0, 31, 12);
const HOUR_MS = 3_600_000;

describe('of eight segments of 100 bytes, begun at 1 to 8 o’clock, it is noon:', () => {
  test.each([
    ['nobody follows', { maxBytes: 300 }, undefined, 5],
    ['a follower has read all', { maxBytes: 300 }, 8, 5],
    ['a follower is in the third', { maxBytes: 700 }, 3, 1],
    ['a follower is in the third, and more must go', { maxBytes: 500 }, 3, 2],
    ['past twice as much the unread go too', { maxBytes: 300 }, 1, 2],
    ['past what is said they go', { maxBytes: 300, hardMaxBytes: 400 }, 1, 4],
    ['what is said is no target for what is read', { maxBytes: 300, hardMaxBytes: 750 }, 3, 2],
    ['too old, and unread', { maxAgeMs: 6 * HOUR_MS }, 1, 0],
    ['too old, and read', { maxAgeMs: 6 * HOUR_MS }, 8, 4],
    ['twice too old, and unread', { maxAgeMs: 4 * HOUR_MS }, 1, 2],
  ])('%s', (_, limits, needed, deleted) => {
    const stands = needed === undefined ? undefined : segmentOf(needed);
    expect(deletableSegments(SEGMENTS, { maxBytes: 0, maxAgeMs: 0, ...limits }, AT_NOON_MS, stands)).toEqual(
      SEGMENTS.slice(0, deleted),
    );
  });
});

describe('an archive past its retention', () => {
  test('keeps what a follower has still to read, until it has', async () => {
    await using folder = await temporaryFolder();
    await writeArchive(folder.path, await makeBlocks(1, 4), 'one by one', SMALL);
    const position = { segment: (await listSegments(folder.path))[2]?.name ?? '', offset: 0 };
    await publishPlace(folder.path, 'csv', { ...PLACE, position });
    const bytes = (await bytesBehind(folder.path, undefined)) / 4;
    const retention = { maxBytes: bytes * 1.5, maxAgeMs: 0, hardMaxBytes: bytes * 100 };
    await using opened = await openArchive(folder.path, { ...SMALL, retention });
    for (const block of await makeBlocks(5, 8)) await opened.archive.append(block);
    await until('what is read has gone', async () => (await sequencesIn(folder.path))[0] === 3);
    expect(await sequencesIn(folder.path)).toEqual([3, 4, 5, 6, 7, 8]);
    await forgetPlace(folder.path, 'csv');
    await until('the rest has gone', async () => (await listSegments(folder.path)).length === 1);
  });

  test('keeps all for a follower that has not begun, up to the hard limit; what it loses is counted and told', async () => {
    await using folder = await temporaryFolder();
    await publishPlace(folder.path, 'csv', PLACE);
    const bytes = (await makeBlock()).body.length + 200;
    const retention = { maxBytes: bytes, maxAgeMs: 0, hardMaxBytes: bytes * 3 };
    await using opened = await openArchive(folder.path, { ...SMALL, retention });
    for (const block of await makeBlocks(1, 8)) await opened.archive.append(block);
    await until('the first have gone', async () => ((await sequencesIn(folder.path))[0] ?? 0) > 2);
    const first = async (): Promise<number> => (await sequencesIn(folder.path))[0] ?? 0;
    const lost = async (): Promise<number> => (await readLoss(folder.path, 'csv')).segments;
    await until('the books balance', async () => (await first()) - 1 === (await lost()));
    expect((await sequencesIn(folder.path)).length).toBeGreaterThan(1);
    expect(await readLoss(folder.path, 'csv')).toEqual({
      segments: await lost(),
      entries: (await lost()) * 2,
    });
    expect(opened.reports.findings).toContainEqual(
      expect.stringMatching(/2 entries in it are lost to the follower csv/),
    );
  });
});
