import { readFile, rm, writeFile } from 'node:fs/promises';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Block } from '../../../../src/archive/block.ts';
import type { FormatName } from '../../../../src/archive/format.ts';
import { readBlocks } from '../../../../src/archive/block_reader.ts';
import { listSegments } from '../../../../src/archive/segment_name.ts';
import type { SourcePositions } from '../../../../src/entry.ts';
import type { Chunk } from '../../../../src/shipper/source.ts';
import { testShipper } from '../../../helpers/shippers.ts';
import { planReplay, type ReplayFlags } from '../../../../src/tools/replay.ts';
import { openArchive, writeArchive } from '../../../helpers/archives.ts';
import { RECEIVED_AT_MS, blocksIn, makeBlock } from '../../../helpers/blocks.ts';
import { silentLog } from '../../../helpers/logs.ts';
import { testReceiver } from '../../../helpers/receivers.ts';
import { elsewhereBlock } from '../../../helpers/parted_archives.ts';
import { temporaryFolder, type TemporaryFolder } from '../../../helpers/temp_folder.ts';

const FORMATS: readonly FormatName[] = ['gzip', 'zstd'];

/** `{"n":1}` and on, so many a block, the odd ones of shipper `a`, the even ones of `b`, so many milliseconds apart. */
async function numberedBlocks(
  blocks: number,
  {
    perBlock = 4,
    apartMs = 0,
    format = 'gzip',
  }: { perBlock?: number; apartMs?: number; format?: FormatName } = {},
): Promise<Block[]> {
  return Promise.all(
    Array.from({ length: blocks }, (_, index) =>
      makeBlock({
        shipperId: index % 2 === 0 ? 'a' : 'b',
        sequence: Math.floor(index / 2) + 1,
        text: Array.from({ length: perBlock }, (_, line) => `{"n":${index * perBlock + line + 1}}\n`).join(
          '',
        ),
        receivedAtMs: RECEIVED_AT_MS + index * apartMs,
        format,
      }),
    ),
  );
}

const numbersIn = (text: string): number[] =>
  [...text.matchAll(/"n":(\d+)/g)].map(([, number]) => Number(number));

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

const textOf = ({ lines, packed }: Chunk): string =>
  (packed === undefined
    ? lines.bytes
    : (packed.algorithm === 'gzip' ? gunzipSync : zstdDecompressSync)(lines.bytes)
  ).toString();

interface Read {
  readonly chunks: Chunk[];
  readonly numbers: number[];
  readonly isDamaged: boolean;
}

interface ReadWishes {
  readonly from?: SourcePositions;
  readonly maxBytes?: number;
  readonly atMost?: number;
}

/** What is read of one archive, or of several, from these positions on, `atMost` chunks of it. */
async function read(
  folder: string | readonly string[],
  flags: Partial<ReplayFlags> = {},
  { from = {}, maxBytes = 1_000_000, atMost = Infinity }: ReadWishes = {},
): Promise<Read> {
  const plan = await planReplay([folder].flat(), { speed: '0', ...flags });
  const chunks: Chunk[] = [];
  for await (const chunk of plan.source(silentLog).read(from, new AbortController().signal, maxBytes)) {
    chunks.push(chunk);
    if (chunks.length === atMost) break;
  }
  return { chunks, numbers: numbersIn(chunks.map(textOf).join('')), isDamaged: plan.isDamaged };
}

describe.each(FORMATS)('of a %s archive', (format) => {
  test('blocks come as they lie there, and in their order', async () => {
    await using folder = await temporaryFolder();
    const wishes = { format, segmentMaxBytes: 400 };
    await writeArchive(folder.path, await numberedBlocks(6, { format }), 'one by one', wishes);
    expect((await listSegments(folder.path)).length).toBeGreaterThan(1);
    const { chunks, numbers } = await read(folder.path);
    expect(numbers).toEqual(upTo(24));
    expect(chunks.map(({ packed }) => packed?.algorithm)).toEqual(Array(6).fill(format));
  });

  test('what a receiver stores of a block is the same compressed bytes', async () => {
    await using folder = await temporaryFolder();
    const blocks = await numberedBlocks(5, { perBlock: 200, format });
    await writeArchive(folder.in('from'), blocks, 'one by one', { format });
    await using receiver = await testReceiver(folder.in('to'), { archive: { format } });
    const plan = await planReplay([folder.in('from')], { speed: '0' });
    const shipper = testShipper({
      port: receiver.port,
      source: plan.source(silentLog),
      stateFolder: folder.in('state'),
      dial: { delivery: 'acked' },
      batcher: { size: 10, intervalMs: 10, maxBytes: 64 * 1024 },
    });
    await shipper.run(new AbortController().signal);
    await receiver[Symbol.asyncDispose]();
    const stored: Buffer[] = [];
    for (const segment of await listSegments(folder.in('to')))
      for await (const { packed } of readBlocks(folder.in('to'), segment)) stored.push(packed);
    expect(stored).toHaveLength(blocks.length);
    for (const [index, { body }] of blocks.entries()) expect(stored[index]?.includes(body)).toBe(true);
  });
});

test('a receiver of the other format gets the same entries', async () => {
  await using folder = await temporaryFolder();
  const archive = { format: 'gzip' } as const;
  await writeArchive(folder.in('from'), await numberedBlocks(5, { format: 'zstd' }), 'one by one', {
    format: 'zstd',
  });
  await using receiver = await testReceiver(folder.in('to'), { archive });
  const source = (await planReplay([folder.in('from')], { speed: '0' })).source(silentLog);
  const stateFolder = folder.in('state');
  await testShipper({ port: receiver.port, source, stateFolder }).run(new AbortController().signal);
  await receiver[Symbol.asyncDispose]();
  expect(numbersIn((await blocksIn(folder.in('to'))).map(({ text }) => text).join(''))).toEqual(upTo(20));
});

test('it goes on behind any chunk, also in the middle of a block, with nothing missing or twice', async () => {
  await using folder = await temporaryFolder();
  await writeArchive(folder.path, await numberedBlocks(4, { perBlock: 7 }), 'one by one', {
    segmentMaxBytes: 300,
  });
  for (const [flags, expected] of [
    [{}, upTo(28)],
    [{ grep: '[1357]}' }, upTo(28).filter((number) => [1, 3, 5, 7].includes(number % 10))],
  ] as const) {
    const all = await read(folder.path, flags, { maxBytes: 20 });
    expect(all.numbers).toEqual(expected);
    expect(all.chunks.length).toBeGreaterThan(6);
    for (let done = 1; done < all.chunks.length; done += 1) {
      const first = await read(folder.path, flags, { maxBytes: 20, atMost: done });
      const from = first.chunks.at(-1)?.positions ?? {};
      const rest = await read(folder.path, flags, { maxBytes: 33, from });
      expect([...first.numbers, ...rest.numbers]).toEqual(expected);
    }
  }
});

test('it ends where the archive ended when it began, though what it ships goes to that archive', async () => {
  await using folder = await temporaryFolder();
  const [first, second, third] = await numberedBlocks(3);
  await using opened = await openArchive(folder.path, { segmentMaxBytes: 300 });
  const append = async (...blocks: (Block | undefined)[]): Promise<void> => {
    for (const block of blocks) if (block !== undefined) await opened.archive.append(block);
    await opened.archive.published();
  };
  await append(first);
  const plan = await planReplay([folder.path], { speed: '0' });
  await append(second, third);
  const source = plan.source(silentLog);
  const chunks = await Array.fromAsync(source.read({}, new AbortController().signal, 1_000_000));
  expect(numbersIn(chunks.map(textOf).join(''))).toEqual(upTo(4));
});

test('in the middle of a block it goes on behind the same entry, where fewer of those before it are chosen by then', async () => {
  await using folder = await temporaryFolder();
  await writeArchive(folder.path, await numberedBlocks(1, { perBlock: 8 }), 'one by one');
  const {
    names: [name = ''],
  } = await planReplay([folder.path], { speed: '0', grep: '[2-8]}' });
  const first = await read(folder.path, { grep: '[2-8]}' }, { maxBytes: 30 });
  expect(first.numbers).toEqual([2, 3, 4, 5, 6, 7, 8]);
  const {
    names: [later = ''],
  } = await planReplay([folder.path], { speed: '0', grep: '[4-8]}' });
  const from = { [later]: (first.chunks[1] as Chunk).positions[name] } as SourcePositions;
  const done = numbersIn(first.chunks.slice(0, 2).map(textOf).join(''));
  const rest = await read(folder.path, { grep: '[4-8]}' }, { maxBytes: 30, from });
  expect([...done, ...rest.numbers]).toEqual([2, 3, 4, 5, 6, 7, 8]);
});

test('where the block is gone in whose middle it stood, it leaves nothing out of the next', async () => {
  await using folder = await temporaryFolder();
  await writeArchive(folder.path, await numberedBlocks(2), 'one by one', { segmentMaxBytes: 10 });
  const { chunks } = await read(folder.path, {}, { maxBytes: 20, atMost: 1 });
  await rm(folder.in((await listSegments(folder.path))[0]?.name ?? ''));
  const from = chunks[0]?.positions ?? {};
  expect((await read(folder.path, {}, { from })).numbers).toEqual([5, 6, 7, 8]);
});

describe('what is chosen', () => {
  test.each([
    [{ shipper: 'b' }, [3, 4, 7, 8]],
    [{ grep: '"n":[2367]}' }, [2, 3, 6, 7]],
    [{ field: ['n=5'] }, [5]],
    [{ until: new Date(RECEIVED_AT_MS + 60_000).toISOString() }, [1, 2]],
    [{ since: new Date(RECEIVED_AT_MS + 120_000).toISOString() }, [5, 6, 7, 8]],
    [{ grep: 'nothing' }, []],
  ] as [Partial<ReplayFlags>, number[]][])('by %j is replayed, and nothing else', async (flags, numbers) => {
    await using folder = await temporaryFolder();
    await writeArchive(folder.path, await numberedBlocks(4, { perBlock: 2, apartMs: 60_000 }), 'one by one');
    expect((await read(folder.path, flags)).numbers).toEqual(numbers);
  });

  test('is a replay of its own: it begins at the start, whatever another has done', async () => {
    await using folder = await temporaryFolder();
    await writeArchive(folder.path, await numberedBlocks(2), 'one by one');
    const all = await read(folder.path);
    const from = all.chunks.at(-1)?.positions ?? {};
    expect((await read(folder.path, {}, { from })).numbers).toEqual([]);
    expect((await read(folder.path, { grep: '[12]}' }, { from })).numbers).toEqual([1, 2]);
  });
});

describe('speed', () => {
  const APART_MS = 150;

  test.each([
    ['1', 3 * APART_MS],
    ['3', APART_MS],
    ['0.5', 6 * APART_MS],
  ])('%s keeps blocks as far apart as that', async (speed, leastMs) => {
    await using folder = await temporaryFolder();
    await writeArchive(folder.path, await numberedBlocks(4, { apartMs: APART_MS }), 'one by one');
    const begun = performance.now();
    expect((await read(folder.path, { speed })).numbers).toEqual(upTo(16));
    expect(performance.now() - begun).toBeGreaterThanOrEqual(leastMs - 5);
  });

  test('0 waits for nothing, and a wait ends when it is told to stop', async () => {
    await using folder = await temporaryFolder();
    await writeArchive(folder.path, await numberedBlocks(2, { apartMs: 3_600_000_000 }), 'one by one');
    expect((await read(folder.path)).numbers).toEqual(upTo(8));
    const stop = new AbortController();
    const source = (await planReplay([folder.path], { speed: '1' })).source(silentLog);
    const chunks = source.read({}, stop.signal, 1_000_000)[Symbol.asyncIterator]();
    expect((await chunks.next()).done).toBe(false);
    const second = chunks.next();
    setImmediate(() => stop.abort());
    expect((await second).done).toBe(true);
  });

  test.each(['-1', 'fast', '', '1x', 'Infinity'])('%j is refused', async (speed) => {
    await expect(planReplay(['/nowhere'], { speed })).rejects.toThrow('expected a factor such as 1');
  });
});

test('damage is told and left out; all else is replayed', async () => {
  await using folder = await temporaryFolder();
  await writeArchive(folder.path, await numberedBlocks(3), 'one by one');
  const path = folder.in((await listSegments(folder.path))[0]?.name ?? '');
  const bytes = await readFile(path);
  const second = bytes.indexOf(Buffer.from([0x1f, 0x8b, 8, 4]), 1);
  bytes[second - 9] = ~(bytes[second - 9] ?? 0);
  await writeFile(path, bytes);
  const { numbers, isDamaged } = await read(folder.path);
  expect(numbers).toEqual(upTo(12).slice(4));
  expect(isDamaged).toBe(true);
});

describe('several archives', () => {
  /** Six blocks that are parted between two archives, the numbers of each shipper too. */
  async function parted(folder: TemporaryFolder): Promise<string[]> {
    const blocks = await numberedBlocks(6, { apartMs: 10 });
    const at = (...places: number[]): Block[] => places.flatMap((place) => blocks[place - 1] ?? []);
    const folders = [folder.in('one'), folder.in('two')];
    const wishes = { receivedAtMs: RECEIVED_AT_MS };
    const inOne = [...at(1, 2), await elsewhereBlock(2, 2, { shipperId: 'a', ...wishes }), ...at(5)];
    const inTwo = [await elsewhereBlock(1, 1, { shipperId: 'b', ...wishes }), ...at(3, 4, 6)];
    await writeArchive(folders[0] ?? '', inOne, 'one by one', { segmentMaxBytes: 400 });
    await writeArchive(folders[1] ?? '', inTwo, 'one by one', { segmentMaxBytes: 400 });
    return folders;
  }

  test('are replayed as one, as they were received; what is said to be elsewhere is not shipped', async () => {
    await using folder = await temporaryFolder();
    const { chunks, numbers } = await read(await parted(folder));
    expect(numbers).toEqual(upTo(24));
    expect(chunks.every(({ lines }) => lines.count > 0)).toBe(true);
  });

  test('go on behind any chunk, each where it was, in whatever order they are named', async () => {
    await using folder = await temporaryFolder();
    const folders = await parted(folder);
    const all = await read(folders, {}, { maxBytes: 20 });
    for (let done = 1; done < all.chunks.length; done += 1) {
      const first = await read(folders, {}, { maxBytes: 20, atMost: done });
      const from = Object.assign({}, ...first.chunks.map(({ positions }) => positions)) as SourcePositions;
      const rest = await read(folders.toReversed(), {}, { maxBytes: 33, from });
      expect([...first.numbers, ...rest.numbers]).toEqual(upTo(24));
    }
  });

  test('have a place each, under names that do not change with their order', async () => {
    await using folder = await temporaryFolder();
    const folders = await parted(folder);
    const { names } = await planReplay(folders, { speed: '0' });
    expect(names).toEqual(folders.map((one) => `replay:${one}`));
    expect((await planReplay(folders.toReversed(), { speed: '0' })).names).toEqual(names);
  });

  test('one of which is empty are the others', async () => {
    await using folder = await temporaryFolder();
    await writeArchive(folder.in('one'), await numberedBlocks(2), 'one by one');
    await writeArchive(folder.in('none'), []);
    expect((await read([folder.in('none'), folder.in('one')])).numbers).toEqual(upTo(8));
  });
});

test('a folder with nothing in it is refused', async () => {
  await using folder = await temporaryFolder();
  await expect(planReplay([folder.path], { speed: '0' })).rejects.toThrow(
    `there is nothing to replay in ${folder.path}`,
  );
});
