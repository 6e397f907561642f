import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { loadCheckpoint, saveCheckpoint } from '../../src/archive/checkpoint.ts';
import { listSegments } from '../../src/archive/segment_name.ts';
import { openArchive, writeArchive } from '../helpers/archives.ts';
import { EPOCH, makeBlock, makeBlocks, memberBytes, sequencesIn } from '../helpers/blocks.ts';
import { codeOf } from '../helpers/errors.ts';
import { temporaryFolder, type TemporaryFolder } from '../helpers/temp_folder.ts';

const POINT = {
  epoch: EPOCH,
  sequence: 3,
  crc: 4,
  positions: { 'a.log': { offset: 5, head: 'ab', headBytes: 1 } },
};
const CHECKPOINT = {
  position: { segment: 'logs_20260131_120000.jsonl.gz', offset: 6 },
  resumePoints: new Map([['a', POINT]]),
};

test('a checkpoint that was saved is loaded', async () => {
  await using folder = await temporaryFolder();
  await saveCheckpoint(folder.path, CHECKPOINT);
  expect(await loadCheckpoint(folder.path)).toEqual(CHECKPOINT);
});

test('a folder without one has none', async () => {
  await using folder = await temporaryFolder();
  expect(await loadCheckpoint(folder.path)).toBeUndefined();
});

test('a checkpoint with any byte changed, or cut anywhere before its last newline, is none', async () => {
  await using folder = await temporaryFolder();
  await saveCheckpoint(folder.path, CHECKPOINT);
  const path = folder.in('checkpoint.json');
  const bytes = await readFile(path);
  const loaded: string[] = [];
  for (let at = 0; at < bytes.length - 1; at += 1) {
    const changed = Buffer.from(bytes);
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
    for (const [what, garbled] of [
      ['changed', changed],
      ['cut', bytes.subarray(0, at)],
    ] as const) {
      await writeFile(path, garbled);
      if ((await loadCheckpoint(folder.path)) !== undefined) loaded.push(`${what} at ${at}`);
    }
  }
  expect(loaded).toEqual([]);
});

type Mishap = (folder: TemporaryFolder) => Promise<unknown>;

const MISHAPS: [string, Mishap][] = [
  ['with its checkpoint', () => Promise.resolve()],
  ['without its checkpoint', (folder) => rm(folder.in('checkpoint.json'))],
  ['with an empty checkpoint', (folder) => writeFile(folder.in('checkpoint.json'), '')],
  ['with a checkpoint that is not JSON', (folder) => writeFile(folder.in('checkpoint.json'), 'nonsense\n')],
  [
    'with a checkpoint that was edited',
    async (folder) => {
      const text = await readFile(folder.in('checkpoint.json'), 'utf8');
      await writeFile(folder.in('checkpoint.json'), text.replace('"sequence":', '"sequence":9'));
    },
  ],
];

describe.each(MISHAPS)('an archive reopened %s', (_, mishap) => {
  test('knows where every shipper stands', async () => {
    await using folder = await temporaryFolder();
    const positions = { 'a.log': { offset: 1, head: 'ab', headBytes: 1 } };
    await writeArchive(folder.path, await makeBlocks(1, 6, { positions }), 'one by one', {
      segmentMaxBytes: 600,
    });
    await writeArchive(folder.path, await makeBlocks(4, 5, { shipperId: 'b' }), 'one by one', {
      segmentMaxBytes: 600,
    });
    expect((await listSegments(folder.path)).length).toBeGreaterThan(2);
    await mishap(folder);
    await using opened = await openArchive(folder.path);
    expect(opened.reports.findings).toEqual([]);
    const last = await makeBlock({ sequence: 6 });
    expect(await opened.archive.resumePoint('a')).toEqual({
      epoch: EPOCH,
      sequence: 6,
      crc: last.crc,
      positions,
    });
    expect(await opened.archive.resumePoint('b')).toMatchObject({ epoch: EPOCH, sequence: 5, positions: {} });
    expect(await opened.archive.append(last)).toBe('repeated');
    expect(await codeOf(async () => opened.archive.append(await makeBlock({ sequence: 8 })))).toBe(
      'sequence_gap',
    );
    expect(await opened.archive.append(await makeBlock({ sequence: 7 }))).toBe('stored');
  });
});

test('blocks before the checkpoint are not read again, those behind it are', async () => {
  await using folder = await temporaryFolder();
  await writeArchive(folder.path, await makeBlocks(1, 2));
  const [segment] = await listSegments(folder.path);
  const path = folder.in(segment?.name ?? '');
  const bytes = await readFile(path);
  await writeFile(
    path,
    Buffer.concat([Buffer.from(bytes).fill(0xee, 30, 40), memberBytes(await makeBlock({ sequence: 3 }))]),
  );
  {
    await using opened = await openArchive(folder.path);
    expect(opened.reports.findings).toEqual([]);
    expect((await opened.archive.resumePoint('a'))?.sequence).toBe(3);
  }
  await rm(folder.in('checkpoint.json'));
  await using opened = await openArchive(folder.path);
  expect(opened.reports.findings).toEqual([expect.stringContaining('at byte 0')]);
});

test('a shipper whose segments have been removed is known by the checkpoint', async () => {
  await using folder = await temporaryFolder();
  await writeArchive(folder.path, await makeBlocks(1, 3), 'one by one', { segmentMaxBytes: 1 });
  await writeArchive(folder.path, await makeBlocks(1, 1, { shipperId: 'b' }), 'one by one', {
    segmentMaxBytes: 1,
  });
  for (const { name } of (await listSegments(folder.path)).slice(0, 3)) await rm(folder.in(name));
  await using opened = await openArchive(folder.path);
  expect((await opened.archive.resumePoint('a'))?.sequence).toBe(3);
});

test('a crash right after rotation loses no resume point: the checkpoint is from before the new segment', async () => {
  await using folder = await temporaryFolder();
  await using opened = await openArchive(folder.path, { segmentMaxBytes: 1 });
  for (const block of await makeBlocks(1, 4)) {
    await opened.archive.append(block);
    const checkpoint = await loadCheckpoint(folder.path);
    const [newest] = (await listSegments(folder.path)).slice(-1);
    expect(checkpoint?.position).toEqual({ segment: newest?.name, offset: 0 });
    expect(checkpoint?.resumePoints.get('a')?.sequence).toBe(
      block.sequence === 1 ? undefined : block.sequence - 1,
    );
  }
  expect(await sequencesIn(folder.path)).toEqual([1, 2, 3, 4]);
});

test('a checkpoint that can not be written is told, and the archive goes on', async () => {
  await using folder = await temporaryFolder();
  await using opened = await openArchive(folder.path, { segmentMaxBytes: 1 });
  await mkdir(folder.in('checkpoint.json'));
  expect(await opened.archive.append(await makeBlock())).toBe('stored');
  expect(opened.reports.findings).toEqual([expect.stringContaining('the checkpoint was not written')]);
  await rm(folder.in('checkpoint.json'), { recursive: true });
});
