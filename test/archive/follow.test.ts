import { appendFile, copyFile, mkdir, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { ArchiveOptions } from '../../src/archive/archive.ts';
import { ArchiveReader, type FollowReport } from '../../src/archive/follow.ts';
import { readCommitted } from '../../src/archive/committed.ts';
import type { Position } from '../../src/archive/commit_log.ts';
import { listSegments } from '../../src/archive/segment_name.ts';
import { lockFolder } from '../../src/base/folder_lock.ts';
import { openArchive, writeArchive } from '../helpers/archives.ts';
import { blocksIn, makeBlock, makeBlocks, memberBytes } from '../helpers/blocks.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

/** A segment a block. */
const SMALL = { segmentMaxBytes: 1 };

/** The sequences of the blocks that a reader has left, until there is none as yet. */
async function rest(reader: ArchiveReader): Promise<number[]> {
  const sequences: number[] = [];
  for (let block = await reader.next(); block !== undefined; block = await reader.next()) {
    expect(block.raw.length).toBe(block.header.rawLength);
    sequences.push(block.header.sequence);
  }
  return sequences;
}

const readAll = (folder: string, position?: Position, report: FollowReport = {}): Promise<number[]> =>
  rest(new ArchiveReader(folder, position, report));

const newestOf = async (folder: string): Promise<string> => (await listSegments(folder)).at(-1)?.name ?? '';

describe('a reader', () => {
  test.each<[string, Partial<ArchiveOptions>]>([
    ['in one segment', {}],
    ['in a segment each', SMALL],
    ['in zstd', { ...SMALL, format: 'zstd' }],
  ])('reads all blocks of an archive, %s, from each of them on', async (_, wishes) => {
    await using folder = await temporaryFolder();
    const format = wishes.format ?? 'gzip';
    await writeArchive(folder.path, await makeBlocks(1, 6, { format }), 'one by one', wishes);
    expect(await readAll(folder.path)).toEqual([1, 2, 3, 4, 5, 6]);
    for (const { sequence, segment, offset, endOffset } of await blocksIn(folder.path)) {
      const behind = Array.from({ length: 6 - sequence }, (_, index) => sequence + 1 + index);
      expect(await readAll(folder.path, { segment, offset })).toEqual([sequence, ...behind]);
      expect(await readAll(folder.path, { segment, offset: endOffset })).toEqual(behind);
    }
  });

  test('finds nothing in an empty archive, and what is written to it then', async () => {
    await using folder = await temporaryFolder();
    const reader = new ArchiveReader(folder.path, undefined);
    expect(await rest(reader)).toEqual([]);
    await using opened = await openArchive(folder.path);
    expect(await rest(reader)).toEqual([]);
    await opened.archive.append(await makeBlock());
    await until('it is there', async () => (await rest(reader)).length === 1);
    expect(reader.position).toEqual({
      segment: await newestOf(folder.path),
      offset: (await blocksIn(folder.path))[0]?.endOffset,
    });
  });

  test('of a folder that is not there rejects', async () => {
    await expect(readAll('/no/such/archive')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('is woken by a block: it does not wait for its poll', async () => {
    await using folder = await temporaryFolder();
    await using opened = await openArchive(folder.path);
    await opened.archive.append(await makeBlock());
    const reader = new ArchiveReader(folder.path, undefined);
    await until('the first is there', async () => (await rest(reader)).length === 1);
    const woken = reader.more(new AbortController().signal, 60_000).then(() => performance.now());
    const begun = performance.now();
    await opened.archive.append(await makeBlock({ sequence: 2 }));
    expect((await woken) - begun).toBeLessThan(900);
  });

  test('takes nothing behind the mark while a receiver is alive, and all of it when that is acknowledged', async () => {
    await using folder = await temporaryFolder();
    await writeArchive(folder.path, await makeBlocks(1, 2));
    const segment = await newestOf(folder.path);
    await appendFile(folder.in(segment), memberBytes(await makeBlock({ sequence: 3 })));
    const unlock = await lockFolder(folder.path);
    const reader = new ArchiveReader(folder.path, undefined);
    expect(await rest(reader)).toEqual([1, 2]);
    await unlock?.();
    await using opened = await openArchive(folder.path);
    expect(await rest(reader)).toEqual([3]);
    expect(opened.reports.findings).toEqual([]);
  });

  test('takes nothing of the newest segment while a receiver is alive that has not said how far it is', async () => {
    await using folder = await temporaryFolder();
    await writeArchive(folder.path, await makeBlocks(1, 2), 'one by one', SMALL);
    await rm(folder.in('committed.json'));
    const unlock = await lockFolder(folder.path);
    const reader = new ArchiveReader(folder.path, undefined);
    expect(await rest(reader)).toEqual([1]);
    await unlock?.();
    expect(await rest(reader)).toEqual([2]);
  });

  test.each(['cut', 'garbled'])(
    'takes what a dead receiver left, up to a block that is %s, and goes on behind what the next one makes of it',
    async (how) => {
      await using folder = await temporaryFolder();
      await writeArchive(folder.path, await makeBlocks(1, 2));
      const segment = await newestOf(folder.path);
      const left = memberBytes(await makeBlock({ sequence: 3 }));
      const torn = memberBytes(await makeBlock({ sequence: 4 }));
      if (how === 'garbled') torn.fill(0, 30);
      await appendFile(
        folder.in(segment),
        Buffer.concat([left, how === 'cut' ? torn.subarray(0, -1) : torn]),
      );
      const reader = new ArchiveReader(folder.path, undefined);
      expect(await rest(reader)).toEqual([1, 2, 3]);
      expect(await rest(reader)).toEqual([]);
      await using opened = await openArchive(folder.path);
      expect(await rest(reader)).toEqual([]);
      await opened.archive.append(await makeBlock({ sequence: 4 }));
      await until('it is there', async () => (await rest(reader)).includes(4));
    },
  );

  test('leaves out damage in the middle, block by block, and says what it left out', async () => {
    await using folder = await temporaryFolder();
    await writeArchive(folder.path, await makeBlocks(1, 6));
    const segment = await newestOf(folder.path);
    const blocks = await blocksIn(folder.path);
    {
      await using file = await open(folder.in(segment), 'r+');
      await file.write(Buffer.alloc(8), 0, 8, (blocks[1]?.offset ?? 0) + 20); // its header
      await file.write(Buffer.alloc(4), 0, 4, (blocks[3]?.endOffset ?? 0) - 12); // its body
      await file.write(Buffer.alloc(8), 0, 8, (blocks[5]?.offset ?? 0) + 20); // the header of the last
    }
    const told: [number, number][] = [];
    const reader = new ArchiveReader(folder.path, undefined, {
      damaged: ({ offset }, _message, entries) => told.push([offset, entries]),
    });
    expect(await rest(reader)).toEqual([1, 3, 5]);
    expect(told).toEqual([
      [blocks[1]?.offset, 0],
      [blocks[3]?.offset, 2],
      [blocks[5]?.offset, 0],
    ]);
    expect(reader.position).toEqual({ segment, offset: blocks[5]?.endOffset });
  });

  test('that finds its segment deleted goes on at the oldest that is left, and says so', async () => {
    await using folder = await temporaryFolder();
    await writeArchive(folder.path, await makeBlocks(1, 5), 'one by one', SMALL);
    const names = (await listSegments(folder.path)).map(({ name }) => name);
    const gone: string[][] = [];
    const reader = new ArchiveReader(folder.path, undefined, { gone: (...segments) => gone.push(segments) });
    expect((await reader.next())?.header.sequence).toBe(1);
    for (const name of names.slice(0, 3)) await rm(folder.in(name));
    expect(await rest(reader)).toEqual([4, 5]);
    expect(gone).toEqual([[names[0], names[3]]]);
  });

  test.each(['older', 'shorter'])(
    'in an archive that was replaced by an %s copy throws `ahead`',
    async (how) => {
      await using folder = await temporaryFolder();
      await writeArchive(folder.path, await makeBlocks(1, 3), 'one by one', SMALL);
      const segment = await newestOf(folder.path);
      const offset = (await stat(folder.in(segment))).size;
      if (how === 'older') await rm(folder.in(segment));
      else await truncate(folder.in(segment), 0);
      await expect(readAll(folder.path, { segment, offset })).rejects.toMatchObject({ code: 'ahead' });
    },
  );

  test('does without a mark that is ahead of the archive', async () => {
    await using folder = await temporaryFolder();
    await using other = await temporaryFolder();
    await writeArchive(folder.path, await makeBlocks(1, 2));
    await writeArchive(other.path, await makeBlocks(1, 3), 'one by one', SMALL);
    await copyFile(other.in('committed.json'), folder.in('committed.json'));
    expect((await readCommitted(folder.path))?.segment).not.toBe(await newestOf(folder.path));
    const reader = new ArchiveReader(folder.path, undefined);
    expect(await rest(reader)).toEqual([1, 2]);
    const begun = performance.now();
    await reader.more(new AbortController().signal, 100);
    expect(performance.now() - begun).toBeGreaterThan(50);
  });

  test('reads an archive of which a part is copied, without mark or receiver', async () => {
    await using folder = await temporaryFolder();
    await using copy = await temporaryFolder();
    await writeArchive(folder.path, await makeBlocks(1, 4), 'one by one', SMALL);
    await mkdir(copy.path, { recursive: true });
    for (const { name } of (await listSegments(folder.path)).slice(1, 3))
      await writeFile(copy.in(name), await readFile(folder.in(name)));
    expect(await readAll(copy.path)).toEqual([2, 3]);
  });
});
