import { readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { listSegments } from '../../src/archive/segment_name.ts';
import { verify } from '../../src/tools/verify.ts';
import { openArchive, writeArchive } from '../helpers/archives.ts';
import { EPOCH, blocksIn, makeBlock, makeBlocks, memberBytes } from '../helpers/blocks.ts';
import { codeOf } from '../helpers/errors.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

async function verified(folder: string): Promise<{ exitCode: number; report: string; problems: string[] }> {
  let report = '';
  const exitCode = await verify([folder], { write: (text) => (report += text) });
  return { exitCode, report, problems: report.split('\n').filter((line) => line.startsWith('DAMAGE: ')) };
}

/** Blocks 1 to 9 in three segments. */
async function threeSegments(folder: string): Promise<string[]> {
  const blocks = await makeBlocks(1, 9);
  const most = Math.max(...blocks.map((block) => memberBytes(block).length));
  await writeArchive(folder, blocks, 'one by one', { segmentMaxBytes: 3 * most });
  const paths = (await listSegments(folder)).map(({ name }) => `${folder}/${name}`);
  expect(paths).toHaveLength(3);
  return paths;
}

async function change(path: string, how: (bytes: Buffer) => Buffer): Promise<void> {
  await writeFile(path, how(await readFile(path)));
}

const SEGMENT = 'logs_20260131_120000.jsonl.gz';

describe('an archive is clean', () => {
  test('as it was written, and every shipper is summed up', async () => {
    await using folder = await temporaryFolder();
    await threeSegments(folder.path);
    const gap = { from: 3, entries: 70, reason: 'spool full' };
    const others = [
      ...(await makeBlocks(1, 2, { shipperId: 'b' })),
      await makeBlock({ shipperId: 'b', sequence: 5, text: '', gap }),
    ];
    await writeArchive(folder.path, [...others, await makeBlock({ shipperId: 'b', epoch: EPOCH + 1 })]);
    const { exitCode, report } = await verified(folder.path);
    expect(exitCode).toBe(0);
    expect(report).toMatch(/^\d segments, 13 blocks, 24 entries, \d+ bytes\n/);
    expect(report).toContain('a: sequences 1 to 9, 18 entries\n');
    expect(report).toContain('b: sequences 1 to 5 and 1 to 1, 6 entries, 70 entries declared lost\n');
    expect(report).toContain('clean');
  });

  test('when it is empty', async () => {
    await using folder = await temporaryFolder();
    expect(await verified(folder.path)).toMatchObject({ exitCode: 0, problems: [] });
  });

  test('when its oldest segment was removed, as retention does', async () => {
    await using folder = await temporaryFolder();
    const [oldest = ''] = await threeSegments(folder.path);
    await rm(oldest);
    expect(await verified(folder.path)).toMatchObject({ exitCode: 0, problems: [] });
  });
});

test('a flipped bit at any byte of a body or trailer is found, at its block, and the blocks behind it are read', async () => {
  await using folder = await temporaryFolder();
  await writeArchive(folder.path, await makeBlocks(1, 3));
  const original = await readFile(folder.in(SEGMENT));
  const [, second] = await blocksIn(folder.path);
  if (second === undefined) throw new Error('there are three blocks');
  const headBytes = 16 + original.readUInt16LE(second.offset + 14);
  for (let at = second.offset + headBytes; at < second.endOffset; at += 1) {
    await writeFile(folder.in(SEGMENT), original);
    await change(folder.in(SEGMENT), (bytes) => bytes.fill((bytes[at] ?? 0) ^ 4, at, at + 1));
    const { exitCode, report, problems } = await verified(folder.path);
    expect(exitCode, `byte ${at}`).toBe(1);
    expect(problems[0], `byte ${at}`).toContain(`${SEGMENT} at byte ${second.offset}: `);
    expect(report, `byte ${at}`).toMatch(/^1 segments, 2 blocks, 4 entries/);
  }
});

test('a damaged header is one problem, and only its own sequence is missed', async () => {
  await using folder = await temporaryFolder();
  await writeArchive(folder.path, await makeBlocks(1, 9));
  const sixth = (await blocksIn(folder.path))[5]?.offset ?? 0;
  await change(folder.in(SEGMENT), (bytes) => bytes.fill(0xee, sixth + 40, sixth + 44));
  const { exitCode, report, problems } = await verified(folder.path);
  expect(exitCode).toBe(1);
  expect(report).toMatch(/^1 segments, 8 blocks, 16 entries/);
  expect(problems).toEqual([
    expect.stringContaining(`${SEGMENT} at byte ${sixth}: a block header is damaged`),
    expect.stringContaining('a misses sequences 6 to 6'),
  ]);
});

test('a missing segment in the middle is a gap in the sequences', async () => {
  await using folder = await temporaryFolder();
  const [, middle = ''] = await threeSegments(folder.path);
  await rm(middle);
  const { exitCode, problems } = await verified(folder.path);
  expect({ exitCode, problems }).toEqual({
    exitCode: 1,
    problems: [expect.stringContaining('a misses sequences 4 to 6')],
  });
});

describe('a segment that retention deletes meanwhile', () => {
  /** Listed, and gone when it is opened. */
  async function vanish(path: string): Promise<void> {
    await rm(path, { force: true });
    await symlink('/nonexistent/segment', path);
  }

  test('is a note, and what it held is not missing', async () => {
    await using folder = await temporaryFolder();
    const [, middle = ''] = await threeSegments(folder.path);
    await vanish(middle);
    const { exitCode, report, problems } = await verified(folder.path);
    expect({ exitCode, problems }).toEqual({ exitCode: 0, problems: [] });
    expect(report).toContain(`note: ${middle.slice(folder.path.length + 1)} was deleted meanwhile\n`);
    expect(report).toContain('a: sequences 1 to 9, 12 entries\n');
  });

  test('excuses no other hole', async () => {
    await using folder = await temporaryFolder();
    const [first, third, fifth] = await Promise.all(
      [1, 3, 5].map(async (sequence) => memberBytes(await makeBlock({ sequence }))),
    );
    await writeFile(folder.in(SEGMENT), first ?? '');
    await vanish(folder.in('logs_20260131_120001.jsonl.gz'));
    await writeFile(
      folder.in('logs_20260131_120002.jsonl.gz'),
      Buffer.concat([third, fifth].map((bytes) => bytes ?? Buffer.alloc(0))),
    );
    const { exitCode, problems } = await verified(folder.path);
    expect({ exitCode, problems }).toEqual({
      exitCode: 1,
      problems: [expect.stringContaining('a misses sequences 4 to 4')],
    });
  });
});

test('a repeated block is found', async () => {
  await using folder = await temporaryFolder();
  const [one, two] = (await makeBlocks(1, 2)).map((block) => memberBytes(block));
  await writeFile(
    folder.in(SEGMENT),
    Buffer.concat([one ?? Buffer.alloc(0), two ?? Buffer.alloc(0), one ?? Buffer.alloc(0)]),
  );
  const { exitCode, problems } = await verified(folder.path);
  expect({ exitCode, problems }).toEqual({
    exitCode: 1,
    problems: [expect.stringContaining('a repeats sequence 1 (3 was next)')],
  });
});

test('segments in another order than they were written are found', async () => {
  await using folder = await temporaryFolder();
  const [first = '', second = ''] = await threeSegments(folder.path);
  await rename(first, folder.in('aside'));
  await rename(second, first);
  await rename(folder.in('aside'), second);
  expect((await verified(folder.path)).exitCode).toBe(1);
});

test('a header that counts other entries than its body holds is found', async () => {
  await using folder = await temporaryFolder();
  await writeFile(folder.in(SEGMENT), memberBytes(await makeBlock({ count: 3 })));
  const { exitCode, problems } = await verified(folder.path);
  expect({ exitCode, problems }).toEqual({
    exitCode: 1,
    problems: [expect.stringContaining('it holds 2 entries where its header says 3')],
  });
});

test('a body that is no lines of objects is found', async () => {
  await using folder = await temporaryFolder();
  await writeFile(folder.in(SEGMENT), memberBytes(await makeBlock({ text: '{"a":1}\n[2]\n' })));
  expect(await verified(folder.path)).toMatchObject({
    exitCode: 1,
    problems: [expect.stringContaining('line 2 ')],
  });
});

describe('a torn tail', () => {
  test('is one problem when nobody writes, however many blocks are before it', async () => {
    await using folder = await temporaryFolder();
    await writeArchive(folder.path, await makeBlocks(1, 6));
    await change(folder.in(SEGMENT), (bytes) => bytes.subarray(0, -1));
    const { exitCode, report, problems } = await verified(folder.path);
    expect({ exitCode, problems }).toEqual({
      exitCode: 1,
      problems: [expect.stringContaining('the segment ends inside a block')],
    });
    expect(report).toMatch(/^1 segments, 5 blocks, 10 entries/);
  });

  test('is a note while a receiver has the archive open: it is being written', async () => {
    await using folder = await temporaryFolder();
    await using opened = await openArchive(folder.path);
    await Promise.all((await makeBlocks(1, 6)).map((block) => opened.archive.append(block)));
    await change(folder.in(SEGMENT), (bytes) => bytes.subarray(0, -1));
    const { exitCode, report } = await verified(folder.path);
    expect(exitCode).toBe(0);
    expect(report).toContain(`note: ${SEGMENT} is being written`);
    expect(report).toMatch(/^1 segments, 5 blocks, 10 entries/);
  });

  test('of a segment that is not the newest is a problem even then', async () => {
    await using folder = await temporaryFolder();
    const [first = ''] = await threeSegments(folder.path);
    await change(first, (bytes) => bytes.subarray(0, -1));
    await using opened = await openArchive(folder.path);
    expect(opened.archive.trouble).toBeUndefined();
    expect((await verified(folder.path)).exitCode).toBe(1);
  });
});

test('a folder that is not there is an error, not a clean archive', async () => {
  expect(await codeOf(() => verify(['/nonexistent/archive'], { write: () => true }))).toBe('ENOENT');
});
