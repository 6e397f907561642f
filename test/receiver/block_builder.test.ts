import { describe, expect, test } from 'vitest';
import { FORMATS, type FormatName } from '../../src/archive/format.ts';
import { BlockBuilder } from '../../src/receiver/block_builder.ts';
import { openArchive, type TestArchive } from '../helpers/archives.ts';
import { RECEIVED_AT_MS, blocksIn, numberedLines } from '../helpers/blocks.ts';
import { codeOf } from '../helpers/errors.ts';
import { FaultyDisk } from '../helpers/faulty_disk.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

/** Longer than any test: a block is closed when it is full or flushed. */
const NEVER_MS = 600_000;

const builder = (
  { archive }: TestArchive,
  lingerMs = NEVER_MS,
  format: FormatName = 'gzip',
): Promise<BlockBuilder> =>
  BlockBuilder.create({
    name: 'plain',
    log: archive,
    format: FORMATS[format],
    level: 1,
    lingerMs,
    now: () => RECEIVED_AT_MS,
  });

const lines = (from: number, count: number): { bytes: Buffer; count: number } => ({
  bytes: Buffer.from(numberedLines('p', from, count)),
  count,
});

/** A line of exactly so many bytes. */
const lineOf = (bytes: number, n: number): Buffer =>
  Buffer.from(`{"x":"${String(n).padEnd(bytes - 9, 'y')}"}\n`);

test('entries that come together become one block, under the id of the builder', async () => {
  await using folder = await temporaryFolder();
  await using opened = await openArchive(folder.path);
  const plain = await builder(opened);
  const adds = [plain.add(lines(1, 2)), plain.add(lines(3, 1)), plain.add(lines(4, 3))];
  plain.flush();
  await Promise.all(adds);
  const [block, ...more] = await blocksIn(folder.path);
  expect(block).toMatchObject({ shipperId: '@plain', sequence: 1, text: numberedLines('p', 1, 6) });
  expect(more).toEqual([]);
});

test('entries are durable when their promise settles, after the linger at the latest', async () => {
  await using folder = await temporaryFolder();
  await using opened = await openArchive(folder.path);
  const plain = await builder(opened, 1);
  for (const from of [1, 2, 3]) {
    await plain.add(lines(from, 1));
    expect((await blocksIn(folder.path)).map(({ text }) => text).join('')).toBe(numberedLines('p', 1, from));
  }
});

describe('a block', () => {
  test('is closed when it is full', async () => {
    await using folder = await temporaryFolder();
    await using opened = await openArchive(folder.path);
    const plain = await builder(opened);
    const large = { bytes: Buffer.from(`{"x":"${'y'.repeat(256 * 1024)}"}\n`), count: 1 };
    await plain.add(large);
    await plain.add(large);
    expect((await blocksIn(folder.path)).map(({ sequence }) => sequence)).toEqual([1, 2]);
  });

  test('holds no more than it has room for: what does not fit opens the next, and what fills a block is one', async () => {
    await using folder = await temporaryFolder();
    await using opened = await openArchive(folder.path);
    const plain = await builder(opened);
    const sizes = [200, 56, 1, 255, 2, 300, 1, 1].map((kib) => kib * 1024);
    const adds = sizes.map((bytes, n) => plain.add({ bytes: lineOf(bytes, n), count: 1 }));
    plain.flush();
    await Promise.all(adds);
    const found = await blocksIn(folder.path);
    expect(found.map(({ text }) => text.length / 1024)).toEqual([256, 256, 2, 300, 2]);
    expect(found.map(({ text }) => text).join('')).toBe(sizes.map((bytes, n) => lineOf(bytes, n)).join(''));
  });

  test('keeps what was added, whatever becomes of the memory it came in', async () => {
    await using folder = await temporaryFolder();
    await using opened = await openArchive(folder.path);
    const plain = await builder(opened);
    const bytes = Buffer.from('{"a":1}\n');
    const added = plain.add({ bytes, count: 1 });
    bytes.fill('x');
    plain.flush();
    await added;
    expect((await blocksIn(folder.path)).map(({ text }) => text)).toEqual(['{"a":1}\n']);
  });

  test('finds no room while many are being compressed, and room again when one is done', async () => {
    await using folder = await temporaryFolder();
    await using opened = await openArchive(folder.path);
    const plain = await builder(opened);
    let room = 0;
    const ask = (): Promise<unknown> => plain.hasRoom().then(() => (room += 1));
    await ask();
    const adds = Array.from({ length: 4 }, (_, n) => plain.take({ bytes: lineOf(256 * 1024, n), count: 1 }));
    const asked = [ask(), ask()];
    await Promise.resolve();
    expect(room).toBe(1);
    await Promise.race(adds.map(({ packed }) => packed));
    await Promise.all(asked);
    expect(room).toBe(3);
    await Promise.all(adds.map(({ durable }) => durable));
  });

  test('follows the one before it, though a later one is compressed sooner', async () => {
    await using folder = await temporaryFolder();
    await using opened = await openArchive(folder.path);
    const plain = await builder(opened);
    const adds: Promise<void>[] = [];
    for (let index = 0; index < 20; index += 1) {
      adds.push(plain.add(lines(index * 1000, index % 2 === 0 ? 900 : 1)));
      plain.flush();
    }
    await Promise.all(adds);
    const found = await blocksIn(folder.path);
    expect(found.map(({ sequence }) => sequence)).toEqual(adds.map((_, index) => index + 1));
    expect(
      found.map(({ text }) => (JSON.parse(text.slice(0, text.indexOf('\n'))) as { n: number }).n),
    ).toEqual(adds.map((_, index) => index * 1000));
  });
});

test.each(['gzip', 'zstd'] as const)(
  'a builder goes on with the numbers of the one before it, in a %s archive',
  async (format) => {
    await using folder = await temporaryFolder();
    for (const from of [1, 2, 3]) {
      await using opened = await openArchive(folder.path, { format });
      const plain = await builder(opened, 0, format);
      await plain.add(lines(from, 1));
    }
    const found = await blocksIn(folder.path);
    expect(found.map(({ sequence, text }) => [sequence, text])).toEqual(
      [1, 2, 3].map((n) => [n, numberedLines('p', n, 1)]),
    );
  },
);

test('flushing nothing stores nothing', async () => {
  await using folder = await temporaryFolder();
  await using opened = await openArchive(folder.path);
  const plain = await builder(opened);
  plain.flush();
  const added = plain.add(lines(1, 1));
  plain.flush();
  plain.flush();
  await added;
  expect(opened.reports.stored).toEqual([1]);
});

test('entries that a failing archive does not take are refused, and those of an outage that ends are stored once', async () => {
  await using folder = await temporaryFolder();
  const disk = new FaultyDisk();
  const opened = await openArchive(folder.path, { disk });
  const plain = await builder(opened, 0);
  disk.faults.add('write');
  const first = plain.add(lines(1, 1));
  await until('the trouble is told', () => opened.reports.troubled.length === 1);
  disk.faults.clear();
  await first;
  disk.faults.add('write');
  const second = codeOf(() => plain.add(lines(2, 1)));
  await until('the trouble is told again', () => opened.reports.troubled.length === 2);
  await opened[Symbol.asyncDispose]();
  expect(await second).toBe('unavailable');
  expect(await codeOf(() => plain.add(lines(3, 1)))).toBe('closed');
  expect((await blocksIn(folder.path)).map(({ text }) => text)).toEqual([numberedLines('p', 1, 1)]);
});
