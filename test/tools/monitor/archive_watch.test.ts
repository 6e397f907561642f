import { mkdir, rename, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { publishPlace } from '../../../src/archive/follower_places.ts';
import { ArchiveWatch } from '../../../src/tools/monitor/archive_watch.ts';
import { temporaryFolder } from '../../helpers/temp_folder.ts';
import { until } from '../../helpers/until.ts';

const SEGMENT = 'logs_20260131_120000.jsonl.gz';

test('segments, disk and followers, looked at no more often than it should be', async () => {
  await using folder = await temporaryFolder();
  await writeFile(folder.in(SEGMENT), 'x'.repeat(100));
  await publishPlace(folder.path, 'csv', {
    position: { segment: SEGMENT, offset: 40 },
    savedAt: '2026-01-31T12:00:00.000Z',
    ...{ entries: 7, malformed: 1 },
  });
  await writeFile(folder.in('followers', 'csv.lost.json'), '{"segments":1,"entries":3}');
  const watch = new ArchiveWatch({ folder: folder.path, maxBytes: 1000, maxAgeMs: 0 }, () => undefined);
  await watch.refresh();
  const { figures } = watch;
  expect(figures).toMatchObject({ segments: 1, bytes: 100, maxBytes: 1000, maxAgeMs: 0 });
  expect(figures?.followers).toEqual([
    { name: 'csv', entries: 7, malformed: 1, lost: 3, behindBytes: 60, savedAtMs: Date.UTC(2026, 0, 31, 12) },
  ]);
  expect(figures?.freeBytes).toBeGreaterThan(0);
  expect(figures?.diskBytes).toBeGreaterThanOrEqual(figures?.freeBytes ?? 0);
  await writeFile(folder.in(SEGMENT), 'x'.repeat(200));
  await watch.refresh();
  expect(watch.figures).toBe(figures);
});

test('a folder that can not be looked at is told once, and looked at again', async () => {
  await using folder = await temporaryFolder();
  const troubles: string[] = [];
  const watch = new ArchiveWatch({ folder: folder.in('data'), maxBytes: 0, maxAgeMs: 0 }, ({ message }) =>
    troubles.push(message),
  );
  await watch.refresh();
  expect(watch.figures).toBeUndefined();
  await mkdir(folder.in('elsewhere'));
  await rename(folder.in('elsewhere'), folder.in('data'));
  await until('it is seen', () => watch.figures !== undefined, 30_000);
  expect(troubles).toEqual([expect.stringContaining('ENOENT')]);
});
