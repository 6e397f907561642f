import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { zstdDecompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ArchiveError } from '../../src/archive/archive_error.ts';
import { damageOf, findBlock, readBlocks } from '../../src/archive/block_reader.ts';
import { listSegments, parseSegmentName, type SegmentName } from '../../src/archive/segment_name.ts';
import { writeArchive } from '../helpers/archives.ts';
import { blocksIn, makeBlock, makeBlocks, memberBytes } from '../helpers/blocks.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

const run = promisify(execFile);
const PYTHON =
  'import gzip, sys; sys.stdout.buffer.write(b"".join(gzip.open(path).read() for path in sys.argv[1:]))';
const EXPECTED = 'every entry, in order';

/** A gzip archive of three segments, and the text of all its entries. */
async function writtenByMany(folder: string): Promise<{ paths: string[]; text: string }> {
  await writeArchive(folder, await makeBlocks(1, 40, { level: 1 }), 'one by one', { segmentMaxBytes: 1800 });
  const paths = (await listSegments(folder)).map(({ name }) => `${folder}/${name}`);
  const text = (await blocksIn(folder)).map((block) => block.text).join('');
  return { paths, text };
}

describe('a gzip archive is ordinary files', () => {
  test.each([
    ['zcat', []],
    ['gzip', ['-dc']],
    ['python3', ['-c', PYTHON]],
  ] as [string, string[]][])(`to %s: ${EXPECTED}`, async (command, options) => {
    await using folder = await temporaryFolder();
    const { paths, text } = await writtenByMany(folder.path);
    expect(paths.length).toBeGreaterThan(2);
    expect(text.split('\n')).toHaveLength(81);
    const { stdout } = await run(command, [...options, ...paths]);
    expect(stdout).toBe(text);
  });

  test('that gzip -t finds nothing wrong with', async () => {
    await using folder = await temporaryFolder();
    const { paths } = await writtenByMany(folder.path);
    expect(await run('gzip', ['-t', ...paths])).toEqual({ stdout: '', stderr: '' });
  });
});

test(`a zstd archive is skippable frames and zstd frames: ${EXPECTED}`, async () => {
  await using folder = await temporaryFolder();
  await writeArchive(folder.path, await makeBlocks(1, 5, { format: 'zstd' }), 'at once', { format: 'zstd' });
  const [segment] = await listSegments(folder.path);
  let rest = await readFile(folder.in(segment?.name ?? ''));
  let text = '';
  while (rest.length > 0) {
    expect(rest.toString('hex', 0, 4)).toBe('502a4d18');
    rest = rest.subarray(8 + rest.readUInt32LE(4));
    const frame = zstdDecompressSync(rest, { info: true }) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    text += frame.buffer.toString();
    rest = rest.subarray(frame.engine.bytesWritten);
  }
  expect(text).toBe((await blocksIn(folder.path)).map((block) => block.text).join(''));
});

/** A segment of these bytes. */
async function segmentOf(folder: string, bytes: Buffer): Promise<SegmentName> {
  const segment = parseSegmentName('logs_20260131_120000.jsonl.gz');
  if (segment === undefined) throw new Error('that is a segment name');
  await writeFile(`${folder}/${segment.name}`, bytes);
  return segment;
}

async function sequencesFrom(folder: string, segment: SegmentName, from: number): Promise<number[]> {
  const sequences: number[] = [];
  for await (const { header } of readBlocks(folder, segment, from)) sequences.push(header.sequence);
  return sequences;
}

test('blocks are read from the offset of any of them', async () => {
  await using folder = await temporaryFolder();
  const members = (await makeBlocks(1, 4)).map((block) => memberBytes(block));
  const segment = await segmentOf(folder.path, Buffer.concat(members));
  let offset = 0;
  for (const [index, member] of members.entries()) {
    expect(await sequencesFrom(folder.path, segment, offset)).toEqual([1, 2, 3, 4].slice(index));
    offset += member.length;
  }
  expect(await sequencesFrom(folder.path, segment, offset)).toEqual([]);
  expect(await sequencesFrom(folder.path, segment, offset + 1000)).toEqual([]);
});

test('a block larger than the window is read whole, and the ones around it', async () => {
  await using folder = await temporaryFolder();
  const large = await makeBlock({
    sequence: 2,
    level: 1,
    text: `${JSON.stringify({ noise: noise(2_500_000) })}\n`,
  });
  expect(large.body.length).toBeGreaterThan(1024 * 1024);
  await writeArchive(folder.path, [await makeBlock(), large, await makeBlock({ sequence: 3 })]);
  const found = await blocksIn(folder.path);
  expect(found.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  expect(found[1]?.text).toHaveLength(large.rawLength);
});

test('a block read stays good while later ones are read', async () => {
  await using folder = await temporaryFolder();
  await writeArchive(folder.path, await makeBlocks(1, 50));
  const [segment] = await listSegments(folder.path);
  if (segment === undefined) throw new Error('there is a segment');
  const reads: (() => Promise<Buffer>)[] = [];
  for await (const { read } of readBlocks(folder.path, segment)) reads.push(read);
  const texts = (await Promise.all(reads.map((read) => read()))).map(String);
  expect(texts).toEqual((await blocksIn(folder.path)).map(({ text }) => text));
});

describe('damage', () => {
  const damageIn = async (folder: string, bytes: Buffer): Promise<unknown> => {
    const segment = await segmentOf(folder, bytes);
    try {
      for await (const { read } of readBlocks(folder, segment)) await read();
    } catch (error) {
      expect(error).toBeInstanceOf(ArchiveError);
      expect((error as Error).message).toContain(segment.name);
      const damage = damageOf(error);
      return { offset: damage?.position.offset, isTorn: damage?.isTorn };
    }
    return 'none';
  };

  test('that is an end too early is torn, at any byte of a block', async () => {
    await using folder = await temporaryFolder();
    const [one, two] = (await makeBlocks(1, 2)).map((block) => memberBytes(block));
    if (one === undefined || two === undefined) throw new Error('there are two blocks');
    for (let length = 1; length < two.length; length += 1) {
      const damage = await damageIn(folder.path, Buffer.concat([one, two.subarray(0, length)]));
      expect(damage, `cut at ${length}`).toEqual({ offset: one.length, isTorn: true });
    }
    expect(await damageIn(folder.path, Buffer.concat([one, two]))).toBe('none');
  });

  test('that is wrong bytes is not torn', async () => {
    await using folder = await temporaryFolder();
    const member = memberBytes(await makeBlock());
    expect(await damageIn(folder.path, Buffer.concat([member, Buffer.alloc(100)]))).toEqual({
      offset: member.length,
      isTorn: false,
    });
    expect(await damageIn(folder.path, Buffer.from(member).fill(0, member.length - 4))).toEqual({
      offset: 0,
      isTorn: false,
    });
  });

  test('is not seen in other errors', () => {
    expect(damageOf(new Error('no'))).toBeUndefined();
    expect(damageOf(new ArchiveError('closed', 'no'))).toBeUndefined();
  });

  test('is passed over by a search, which finds the next block whose header is whole', async () => {
    await using folder = await temporaryFolder();
    const members = (await makeBlocks(1, 3)).map((block) => memberBytes(block));
    const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = members;
    const lookalike = Buffer.from('1f8b08041f8b0804', 'hex');
    const bytes = Buffer.concat([Buffer.alloc(1024 * 1024 - 2), lookalike, ...members]);
    const segment = await segmentOf(folder.path, bytes);
    const start = bytes.length - members.reduce((sum, { length }) => sum + length, 0);
    expect(await findBlock(folder.path, segment, 0)).toBe(start);
    expect(await findBlock(folder.path, segment, start)).toBe(start);
    expect(await findBlock(folder.path, segment, start + 1)).toBe(start + first.length);
    expect(await findBlock(folder.path, segment, start + first.length + second.length + 1)).toBeUndefined();
  });
});

/** Text that compression can't make much smaller. */
function noise(length: number): string {
  let text = '';
  for (let seed = 7; text.length < length; seed = (seed * 48_271) % 0x7fffffff) text += seed.toString(36);
  return text.slice(0, length);
}
