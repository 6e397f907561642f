import { readFile, stat } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { listSegments } from '../../src/archive/segment_name.ts';
import { openArchive, writeArchive } from '../helpers/archives.ts';
import { EPOCH, blocksIn, makeBlock, makeBlocks, memberBytes, sequencesIn } from '../helpers/blocks.ts';
import { codeOf } from '../helpers/errors.ts';
import { FaultyDisk } from '../helpers/faulty_disk.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const POSITION = { offset: 5, head: 'ab', headBytes: 1 };

describe.each(['gzip', 'zstd'] as const)('a %s archive', (format) => {
  test('holds what was appended, in order, whole, at the level it came', async () => {
    await using folder = await temporaryFolder();
    const blocks = [
      ...(await makeBlocks(1, 5, { format, level: 9 })),
      ...(await makeBlocks(1, 5, { format, shipperId: 'b', level: 1 })),
      await makeBlock({ format, sequence: 6, text: '' }),
    ];
    await writeArchive(folder.path, blocks, 'at once', { format });
    const found = await blocksIn(folder.path);
    expect(found.map(({ shipperId, sequence }) => [shipperId, sequence])).toEqual(
      blocks.map(({ shipperId, sequence }) => [shipperId, sequence]),
    );
    const [segment] = await listSegments(folder.path);
    const bytes = await readFile(folder.in(segment?.name ?? ''));
    expect(bytes.equals(Buffer.concat(blocks.map((block) => memberBytes(block, 0, format))))).toBe(true);
  });

  test('begins a new segment when it was of the other format', async () => {
    await using folder = await temporaryFolder();
    const other = format === 'gzip' ? 'zstd' : 'gzip';
    await writeArchive(folder.path, [await makeBlock({ format: other })], 'at once', { format: other });
    await writeArchive(folder.path, [await makeBlock({ format, sequence: 2 })], 'at once', { format });
    expect((await listSegments(folder.path)).map((segment) => segment.format.name)).toEqual([other, format]);
    expect(await sequencesIn(folder.path)).toEqual([1, 2]);
  });
});

describe('group commit', () => {
  test('writes what waits with one write and one sync, and settles it together', async () => {
    await using folder = await temporaryFolder();
    const disk = new FaultyDisk();
    await using opened = await openArchive(folder.path, { disk });
    const blocks = await makeBlocks(1, 2000);
    const outcomes = await Promise.all(blocks.map((block) => opened.archive.append(block)));
    expect(outcomes).toEqual(blocks.map(() => 'stored'));
    expect([disk.count('write'), disk.count('sync')]).toEqual([1, 1]);
    expect(opened.reports.stored).toEqual(blocks.map(({ sequence }) => sequence));
  });

  test('does not settle before the sync', async () => {
    await using folder = await temporaryFolder();
    const disk = new FaultyDisk();
    await using opened = await openArchive(folder.path, { disk });
    for (const block of await makeBlocks(1, 3)) {
      await opened.archive.append(block);
      expect(disk.count('sync')).toBe(block.sequence);
    }
  });

  test('does not sync with FSYNC=never', async () => {
    await using folder = await temporaryFolder();
    const disk = new FaultyDisk();
    await writeArchive(folder.path, await makeBlocks(1, 3), 'one by one', { disk, fsync: 'never' });
    expect([disk.count('write'), disk.count('sync')]).toEqual([3, 0]);
  });

  test('syncs a while later with FSYNC=interval', async () => {
    await using folder = await temporaryFolder();
    const disk = new FaultyDisk();
    await using opened = await openArchive(folder.path, { disk, fsync: 'interval', fsyncEveryMs: 20 });
    await opened.archive.append(await makeBlock());
    await until('it is synced', () => disk.count('sync') === 1);
    await opened.archive.append(await makeBlock({ sequence: 2 }));
    await until('it is synced again', () => disk.count('sync') === 2);
  });

  test('syncs on closing with FSYNC=interval', async () => {
    await using folder = await temporaryFolder();
    const disk = new FaultyDisk();
    await writeArchive(folder.path, [await makeBlock()], 'at once', {
      disk,
      fsync: 'interval',
      fsyncEveryMs: 60_000,
    });
    expect(disk.calls).toEqual(['create', 'write', 'sync', 'close']);
  });
});

describe('rotation', () => {
  test.each(['at once', 'one by one'] as const)(
    'closes a segment before the block that would not fit, with blocks given %s',
    async (how) => {
      await using folder = await temporaryFolder();
      const sizes = [10, 700, 20, 4000, 30, 1, 1, 900, 900, 5, 2500];
      const blocks = await Promise.all(
        sizes.map((size, index) => makeBlock({ sequence: index + 1, text: randomLine(size) })),
      );
      await writeArchive(folder.path, blocks, how, { segmentMaxBytes: 1500 });
      const found = await blocksIn(folder.path);
      expect(found.map(({ sequence }) => sequence)).toEqual(sizes.map((_, index) => index + 1));
      const segments = Map.groupBy(found, ({ segment }) => segment);
      expect(segments.size).toBeGreaterThan(4);
      for (const [name, inside] of segments) {
        const { size } = await stat(folder.in(name));
        expect(size <= 1500 || inside.length === 1, `${name} of ${size} bytes`).toBe(true);
      }
      const first = [...segments.values()].map(([block]) => (block ? block.endOffset - block.offset : 0));
      const ends = [...segments.values()].map((inside) => inside.at(-1)?.endOffset ?? 0);
      for (const [index, end] of ends.slice(0, -1).entries())
        expect(end + (first[index + 1] ?? 0)).toBeGreaterThan(1500);
    },
  );

  test('fills a segment to the last byte, and not one further', async () => {
    await using folder = await temporaryFolder();
    const [one, two] = await makeBlocks(1, 2);
    if (one === undefined || two === undefined) throw new Error('there are two blocks');
    const bytes = memberBytes(one).length + memberBytes(two).length;
    await writeArchive(folder.in('fits'), [one, two], 'at once', { segmentMaxBytes: bytes });
    await writeArchive(folder.in('not'), [one, two], 'at once', { segmentMaxBytes: bytes - 1 });
    expect(await listSegments(folder.in('fits'))).toHaveLength(1);
    expect(await listSegments(folder.in('not'))).toHaveLength(2);
  });

  test('goes on in the newest segment after reopening, while that has room', async () => {
    await using folder = await temporaryFolder();
    for (const block of await makeBlocks(1, 4)) await writeArchive(folder.path, [block]);
    expect(await listSegments(folder.path)).toHaveLength(1);
    expect(await sequencesIn(folder.path)).toEqual([1, 2, 3, 4]);
  });
});

describe('a resume point', () => {
  test('is undefined for a stranger', async () => {
    await using folder = await temporaryFolder();
    await using opened = await openArchive(folder.path);
    expect(await opened.archive.resumePoint('a')).toBeUndefined();
  });

  test('waits for what was appended, and holds the positions that moved over those that did not', async () => {
    await using folder = await temporaryFolder();
    await using opened = await openArchive(folder.path);
    const blocks = await Promise.all([
      makeBlock({ sequence: 1, positions: { 'a.log': POSITION, 'b.log': POSITION } }),
      makeBlock({ sequence: 2, positions: { 'a.log': { ...POSITION, offset: 9 } } }),
      makeBlock({ sequence: 3 }),
    ]);
    const appended = Promise.all(blocks.map((block) => opened.archive.append(block)));
    expect(await opened.archive.resumePoint('a')).toEqual({
      epoch: EPOCH,
      sequence: 3,
      crc: blocks[2]?.crc,
      positions: { 'a.log': { ...POSITION, offset: 9 }, 'b.log': POSITION },
    });
    await appended;
  });
});

test('an archive has one opener at a time, and the next when that has closed', async () => {
  await using folder = await temporaryFolder();
  const first = await openArchive(folder.path);
  expect(await codeOf(() => openArchive(folder.path))).toBe('in_use');
  await first.archive.append(await makeBlock());
  await first[Symbol.asyncDispose]();
  await using second = await openArchive(folder.path);
  expect((await second.archive.resumePoint('a'))?.sequence).toBe(1);
});

test('closing settles what was appended, twice is fine, and nothing is taken after', async () => {
  await using folder = await temporaryFolder();
  const { archive } = await openArchive(folder.path);
  const appended = archive.append(await makeBlock());
  await Promise.all([archive[Symbol.asyncDispose](), archive[Symbol.asyncDispose]()]);
  expect(await appended).toBe('stored');
  await archive[Symbol.asyncDispose]();
  expect(await codeOf(async () => archive.append(await makeBlock({ sequence: 2 })))).toBe('closed');
  expect(await sequencesIn(folder.path)).toEqual([1]);
});

test('an archive that is closed by one caller is closed for another who waits for it', async () => {
  await using folder = await temporaryFolder();
  const { archive } = await openArchive(folder.path);
  await archive.append(await makeBlock());
  const first = archive[Symbol.asyncDispose]();
  await archive[Symbol.asyncDispose]();
  const next = await openArchive(folder.path);
  await next[Symbol.asyncDispose]();
  await first;
});

/** An entry of about so many bytes that compression can't make much smaller. */
function randomLine(bytes: number): string {
  let noise = '';
  for (let seed = bytes + 1; noise.length < bytes; seed = (seed * 48_271) % 0x7fffffff)
    noise += seed.toString(36);
  return `${JSON.stringify({ noise: noise.slice(0, bytes) })}\n`;
}
