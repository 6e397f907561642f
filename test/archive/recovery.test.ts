import { randomUUID } from 'node:crypto';
import { copyFile, cp, mkdir, readFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Block } from '../../src/archive/block.ts';
import { DAMAGED_FOLDER, recover } from '../../src/archive/recovery.ts';
import { listSegments } from '../../src/archive/segment_name.ts';
import { openArchive, writeArchive } from '../helpers/archives.ts';
import {
  blocksIn,
  makeBlock,
  makeBlocks,
  memberBytes,
  sequencesIn,
  type FoundBlock,
} from '../helpers/blocks.ts';
import { temporaryFolder, type TemporaryFolder } from '../helpers/temp_folder.ts';
import { canMount, mountTmpfs } from '../helpers/tmpfs.ts';

interface Written extends AsyncDisposable {
  readonly folder: TemporaryFolder;
  /** The newest segment: its path, bytes and blocks. */
  readonly path: string;
  readonly bytes: Buffer;
  readonly blocks: readonly FoundBlock[];
}

/** An archive of blocks 1 to `last` in one segment, as a crash leaves it: without the checkpoint that closing writes. */
async function crashed(
  last: number,
  how: 'at once' | 'one by one',
  format: 'gzip' | 'zstd' = 'gzip',
): Promise<Written> {
  const folder = await temporaryFolder();
  await writeArchive(folder.path, await makeBlocks(1, last, { format }), how, { format });
  await rm(folder.in('checkpoint.json'));
  const [segment] = await listSegments(folder.path);
  const path = folder.in(segment?.name ?? '');
  return {
    folder,
    path,
    bytes: await readFile(path),
    blocks: await blocksIn(folder.path),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

function blockOf({ blocks }: Written, sequence: number): FoundBlock {
  const block = blocks.find((found) => found.sequence === sequence);
  if (block === undefined) throw new Error(`there is no block ${sequence}`);
  return block;
}

const isNoSocket = (path: string): boolean => !path.endsWith('.sock');

function garbled(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(at) ^ 0xff, at);
  return copy;
}

/** Recovers the archive with these bytes in its segment: the resume sequence, the segment's length after, and what was kept. */
async function recovered({ folder, path }: Written, bytes: Buffer) {
  await writeFile(path, bytes);
  const { resumePoints, findings, newest } = await recover(folder.path);
  const kept = await readdir(folder.in(DAMAGED_FOLDER)).catch(() => []);
  const bad = kept[0] === undefined ? undefined : await readFile(folder.in(DAMAGED_FOLDER, kept[0]));
  await rm(folder.in(DAMAGED_FOLDER), { recursive: true, force: true });
  return {
    sequence: resumePoints.get('a')?.sequence,
    size: (await stat(path)).size,
    newestBytes: newest?.bytes,
    findings,
    kept,
    bad,
  };
}

describe.each(['gzip', 'zstd'] as const)('a %s segment cut by a crash', (format) => {
  test.each(['at once', 'one by one'] as const)(
    'at any byte of its last two blocks, written %s, keeps the blocks before the cut',
    async (how) => {
      await using written = await crashed(4, how, format);
      const { bytes } = written;
      const ends = [0, ...written.blocks.map(({ endOffset }) => endOffset)];
      for (let size = blockOf(written, 3).offset; size <= bytes.length; size += 1) {
        const whole = ends.filter((end) => end <= size).length - 1;
        const keptSize = ends[whole];
        const isClean = size === keptSize;
        const { findings, bad, kept, ...rest } = await recovered(written, bytes.subarray(0, size));
        expect(rest, `cut at ${size}`).toEqual({ sequence: whole, size: keptSize, newestBytes: keptSize });
        expect(findings.length, `cut at ${size}`).toBe(isClean ? 0 : 1);
        expect(bad?.length, `cut at ${size}`).toBe(isClean ? undefined : size);
        expect(kept).toEqual(
          isClean ? [] : [expect.stringMatching(new RegExp(`\\.at_${String(keptSize)}\\.bad$`))],
        );
      }
    },
  );

  test('is gone on in, as if the torn block had never been', async () => {
    await using written = await crashed(3, 'one by one', format);
    await writeFile(written.path, written.bytes.subarray(0, -1));
    await writeArchive(written.folder.path, await makeBlocks(3, 5, { format }), 'at once', { format });
    expect(await sequencesIn(written.folder.path)).toEqual([1, 2, 3, 4, 5]);
    expect(await listSegments(written.folder.path)).toHaveLength(1);
  });
});

describe('a byte garbled', () => {
  test('anywhere in a tail that was never synced cuts it from that block on', async () => {
    await using written = await crashed(3, 'at once');
    const { offset, endOffset } = blockOf(written, 2);
    const kept: number[] = [];
    for (let at = offset; at < endOffset; at += 1) {
      const { sequence, size, bad } = await recovered(written, garbled(written.bytes, at));
      const isUnnoticed = sequence === 3;
      if (isUnnoticed) kept.push(at - offset);
      else
        expect({ sequence, size, bad: bad?.length }, `byte ${at}`).toEqual({
          sequence: 1,
          size: offset,
          bad: written.bytes.length,
        });
    }
    expect(kept, 'the time, flags and system of the gzip header say nothing').toEqual([4, 5, 6, 7, 8, 9]);
  });

  test('anywhere in a block that a later header proves durable cuts nothing', async () => {
    await using written = await crashed(3, 'one by one');
    for (const sequence of [1, 2]) {
      const { offset, endOffset } = blockOf(written, sequence);
      for (let at = offset; at < endOffset; at += 1) {
        const result = await recovered(written, garbled(written.bytes, at));
        expect({ ...result, findings: undefined }, `byte ${at}`).toMatchObject({
          sequence: 3,
          size: written.bytes.length,
          bad: undefined,
        });
        if (at > offset + 9)
          expect(result.findings, `byte ${at}`).toEqual([expect.stringContaining('kept as it is')]);
      }
    }
  });

  test('in the last block cuts it: nothing tells that it was durable', async () => {
    await using written = await crashed(3, 'one by one');
    const { offset } = blockOf(written, 3);
    expect(await recovered(written, garbled(written.bytes, written.bytes.length - 1))).toMatchObject({
      sequence: 2,
      size: offset,
    });
  });
});

test('damage in what was acknowledged before a kill and a restart cuts nothing: a later header proves it durable', async () => {
  await using first = await temporaryFolder();
  await using second = await temporaryFolder();
  await using third = await temporaryFolder();
  const blocks = await makeBlocks(1, 4);
  await using killed = await openArchive(first.path);
  for (const block of blocks.slice(0, 3)) await killed.archive.append(block);
  await cp(first.path, second.path, { recursive: true, filter: isNoSocket });
  await using restarted = await openArchive(second.path);
  await restarted.archive.append(blocks[3] as Block);
  await cp(second.path, third.path, { recursive: true, filter: isNoSocket });
  const [segment] = await listSegments(third.path);
  const path = third.in(segment?.name ?? '');
  const found = (await blocksIn(third.path)).find(({ sequence }) => sequence === 3);
  await writeFile(path, garbled(await readFile(path), (found?.endOffset ?? 0) - 20));
  expect((await recover(third.path)).resumePoints.get('a')?.sequence).toBe(4);
});

describe.each(['gzip', 'zstd'] as const)(
  'a block in a %s segment whose body looks like a block',
  (format) => {
    /** Two blocks: the body of the second holds a whole one of shipper `victim`, as a hostile peer may make it. */
    async function forged(): Promise<{ readonly first: Buffer; readonly second: Buffer }> {
      const inner = await makeBlock({ format, shipperId: 'victim', sequence: 1000 });
      const claim = memberBytes(inner, 0xffff_fffe, format);
      const outer = await makeBlock({ format, sequence: 2 });
      const body = Buffer.concat([Buffer.alloc(50), claim, Buffer.alloc(50)]);
      return {
        first: memberBytes(await makeBlock({ format }), 0, format),
        second: memberBytes({ ...outer, body }, 0, format),
      };
    }

    const segmentOf = (folder: TemporaryFolder): string =>
      folder.in(`logs_20260131_120000.jsonl.${format === 'gzip' ? 'gz' : 'zst'}`);

    test('cut by a crash: what is in it is not taken for one', async () => {
      await using folder = await temporaryFolder();
      const { first, second } = await forged();
      await writeFile(segmentOf(folder), Buffer.concat([first, second.subarray(0, -20)]));
      const { resumePoints } = await recover(folder.path);
      expect([...resumePoints.keys()]).toEqual(['a']);
      expect((await stat(segmentOf(folder))).size).toBe(first.length);
    });

    test('damaged: reading goes on behind it', async () => {
      await using folder = await temporaryFolder();
      const { first, second } = await forged();
      const third = memberBytes(
        await makeBlock({ format, sequence: 3 }),
        first.length + second.length,
        format,
      );
      await writeFile(segmentOf(folder), Buffer.concat([first, second, third]));
      const { resumePoints } = await recover(folder.path);
      expect([...resumePoints.keys()]).toEqual(['a']);
      expect(resumePoints.get('a')?.sequence).toBe(3);
    });
  },
);

describe('a newest segment', () => {
  test('that is empty is begun again', async () => {
    await using written = await crashed(1, 'at once');
    expect(await recovered(written, Buffer.alloc(0))).toMatchObject({
      sequence: undefined,
      size: 0,
      findings: [],
    });
  });

  test.each([
    ['zeros', Buffer.alloc(5000)],
    ['text', Buffer.from('{"a":1}\n'.repeat(100))],
    ['a gzip file of somebody else', Buffer.from('1f8b08000000000000038baeca0500', 'hex')],
  ])('that is nothing but %s is emptied, and kept as it was', async (_, junk) => {
    await using written = await crashed(1, 'at once');
    expect(await recovered(written, junk)).toMatchObject({ sequence: undefined, size: 0, bad: junk });
  });

  test('with zeros behind its blocks, as some file systems leave it, is cut to its blocks', async () => {
    await using written = await crashed(2, 'one by one');
    const result = await recovered(written, Buffer.concat([written.bytes, Buffer.alloc(3000)]));
    expect(result).toMatchObject({ sequence: 2, size: written.bytes.length });
  });

  test('cut twice at the same byte keeps both files as they were', async () => {
    await using written = await crashed(2, 'one by one');
    for (const tail of ['first crash', 'second crash']) {
      await writeFile(written.path, Buffer.concat([written.bytes, Buffer.from(tail)]));
      await recover(written.folder.path);
    }
    const kept = await readdir(written.folder.in(DAMAGED_FOLDER));
    const texts = await Promise.all(
      kept.map((name) => readFile(written.folder.in(DAMAGED_FOLDER, name), 'latin1')),
    );
    expect(texts.map((text) => text.slice(written.bytes.length)).sort()).toEqual([
      'first crash',
      'second crash',
    ]);
  });
});

describe('an older segment', () => {
  /** Blocks 1 to 3 of `a` in one group, then a newer segment with blocks of `b`. */
  async function rotated(): Promise<Written> {
    const written = await crashed(3, 'at once');
    await writeArchive(written.folder.path, await makeBlocks(1, 2, { shipperId: 'b' }), 'at once', {
      segmentMaxBytes: 1,
    });
    await rm(written.folder.in('checkpoint.json'));
    return written;
  }

  test('that is damaged is told and left as it is', async () => {
    await using written = await rotated();
    const { size, kept, findings } = await recovered(written, garbled(written.bytes, 60));
    expect({ size, kept }).toEqual({ size: written.bytes.length, kept: [] });
    expect(findings).toEqual([expect.stringContaining('logs_20260131_120000.jsonl.gz at byte 0')]);
  });

  test('that is damaged still counts in the blocks behind the damage: they were acknowledged', async () => {
    await using written = await rotated();
    const { sequence } = await recovered(written, garbled(written.bytes, 60));
    expect(sequence).toBe(3);
  });
});

test('a copy of a running archive is recovered: every acknowledged block is there', async () => {
  await using folder = await temporaryFolder();
  await using copies = await temporaryFolder();
  await using opened = await openArchive(folder.path, { segmentMaxBytes: 600 });
  for (const block of await makeBlocks(1, 12)) {
    await opened.archive.append(block);
    const copy = copies.in(`after_${String(block.sequence)}`);
    await cp(folder.path, copy, { recursive: true, filter: (path) => !path.endsWith('lock.sock') });
    const { resumePoints, findings } = await recover(copy);
    expect({ sequence: resumePoints.get('a')?.sequence, findings }).toEqual({
      sequence: block.sequence,
      findings: [],
    });
  }
  expect((await listSegments(folder.path)).length).toBeGreaterThan(2);
});

describe.skipIf(!(await canMount()))('on a disk that is full', () => {
  test('a torn tail is cut all the same, and that there was no room to keep it is said', async () => {
    await using disk = await mountTmpfs(2);
    const folder = disk.in('data');
    const text = `${Array.from({ length: 20_000 }, () => `{"id":"${randomUUID()}"}`).join('\n')}\n`;
    await writeArchive(folder, [await makeBlock(), await makeBlock({ sequence: 2, text })]);
    const [first, second] = await blocksIn(folder);
    const path = join(folder, second?.segment ?? '');
    await truncate(path, (second?.endOffset ?? 0) - 1);
    await rm(join(folder, 'checkpoint.json'));
    await expect(disk.fill(2)).rejects.toMatchObject({ code: 'ENOSPC' });
    const { resumePoints, findings } = await recover(folder);
    expect(resumePoints.get('a')?.sequence).toBe(1);
    expect((await stat(path)).size).toBe(first?.endOffset);
    expect(findings).toEqual([expect.stringMatching(/cut \d+ unacknowledged bytes.*no room to keep/)]);
    expect(await readdir(join(folder, DAMAGED_FOLDER))).toEqual([]);
  });
});

test('recovery of a folder without segments finds nothing and makes nothing', async () => {
  await using folder = await temporaryFolder();
  await mkdir(folder.in('rejected'));
  expect(await recover(folder.path)).toEqual({ resumePoints: new Map(), findings: [] });
  expect(await readdir(folder.path)).toEqual(['rejected']);
});

describe('an archive whose checkpoint counts in what is there no more', () => {
  const positions = { 'a.log': { offset: 5, head: 'ab', headBytes: 1 } };

  /** Blocks 1 to 3 of `a` and then 1 to 2 of `b`, a segment each, and a checkpoint that counts in all. */
  async function closed(folder: TemporaryFolder): Promise<string[]> {
    const blocks = [
      ...(await makeBlocks(1, 3, { positions })),
      ...(await makeBlocks(1, 2, { shipperId: 'b' })),
    ];
    await writeArchive(folder.path, blocks, 'one by one', { segmentMaxBytes: 1 });
    return (await listSegments(folder.path)).map(({ name }) => folder.in(name));
  }

  /** Where shippers stand after a crash right now. */
  async function afterCrash(folder: TemporaryFolder): Promise<Record<string, number>> {
    await using copy = await temporaryFolder();
    await cp(folder.path, copy.path, { recursive: true, filter: (path) => !path.endsWith('lock.sock') });
    const { resumePoints } = await recover(copy.path);
    return Object.fromEntries([...resumePoints].map(([id, { sequence }]) => [id, sequence]));
  }

  test('all segments deleted: every shipper goes on where it was, over crashes and restarts', async () => {
    await using folder = await temporaryFolder();
    const before = await closed(folder);
    for (const path of before) await rm(path);
    {
      await using opened = await openArchive(folder.path);
      expect(await opened.archive.resumePoint('a')).toMatchObject({ sequence: 3, positions });
      expect(await opened.archive.append(await makeBlock({ sequence: 3 }))).toBe('repeated');
    }
    {
      await using opened = await openArchive(folder.path);
      expect(await opened.archive.append(await makeBlock({ sequence: 4 }))).toBe('stored');
      expect(before).not.toContain(folder.in((await listSegments(folder.path))[0]?.name ?? ''));
      expect(await afterCrash(folder)).toEqual({ a: 4, b: 2 });
    }
    expect(await sequencesIn(folder.path)).toEqual([4]);
    expect(await afterCrash(folder)).toEqual({ a: 4, b: 2 });
  });

  test('the newest deleted: what is written next is counted in after a crash', async () => {
    await using folder = await temporaryFolder();
    for (const path of (await closed(folder)).slice(3)) await rm(path);
    await using opened = await openArchive(folder.path);
    expect(opened.reports.findings).toEqual([expect.stringContaining('what was behind is lost')]);
    expect(await opened.archive.resumePoint('b')).toMatchObject({ sequence: 2 });
    await opened.archive.append(await makeBlock({ sequence: 4 }));
    expect(await afterCrash(folder)).toEqual({ a: 4, b: 2 });
  });

  test('the newest cut, as a power cut does without fsync: its torn tail goes, its shippers stand where their blocks end', async () => {
    await using folder = await temporaryFolder();
    await writeArchive(folder.path, await makeBlocks(1, 3), 'one by one');
    const path = folder.in('logs_20260131_120000.jsonl.gz');
    await writeFile(path, (await readFile(path)).subarray(0, -1));
    await using opened = await openArchive(folder.path);
    expect(opened.reports.findings).toHaveLength(2);
    expect(await opened.archive.append(await makeBlock({ sequence: 3 }))).toBe('stored');
    expect(await afterCrash(folder)).toEqual({ a: 3 });
    expect(await sequencesIn(folder.path)).toEqual([1, 2, 3]);
  });
});

test('what recovery found is reported by the archive that opens', async () => {
  await using written = await crashed(2, 'one by one');
  await writeFile(written.path, written.bytes.subarray(0, -1));
  await copyFile(written.path, written.folder.in('as_it_was'));
  await using opened = await openArchive(written.folder.path);
  expect(opened.reports.findings).toEqual([expect.stringMatching(/^cut \d+ unacknowledged bytes off logs_/)]);
  expect(await opened.archive.append(await makeBlock({ sequence: 2 }))).toBe('stored');
});
