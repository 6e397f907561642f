/** What the buffers behind POST /log promise, at the moments that are hard to meet by chance. */
import { describe, expect, test } from 'vitest';
import { readCommitted } from '../../../../src/archive/committed.ts';
import { FORMATS } from '../../../../src/archive/format.ts';
import { ArchiveBuffer, HTTP_SHIPPER_NAME } from '../../../../src/receiver/listeners/http/archive_buffer.ts';
import { FallbackBuffer } from '../../../../src/receiver/listeners/http/fallback_buffer.ts';
import { GroupCommit } from '../../../../src/receiver/group_commit.ts';
import { BufferUnavailable, type UserBuffer, type UserEntry } from '../../../../src/users/user_buffer.ts';
import { UserFiles } from '../../../../src/users/user_files.ts';
import { openArchive } from '../../../helpers/archives.ts';
import { blocksIn } from '../../../helpers/blocks.ts';
import { codeOf } from '../../../helpers/errors.ts';
import { temporaryFolder, type TemporaryFolder } from '../../../helpers/temp_folder.ts';

const entry = (n: number, userId = 'ada'): UserEntry => ({
  userId,
  day: 1,
  line: Buffer.from(`{"user_id":"${userId}","event":"e","timestamp":86400,"n":${n}}\n`),
});

async function archiveBuffer(folder: TemporaryFolder, patienceMs = 100) {
  const stack = new AsyncDisposableStack();
  const files = stack.use(await UserFiles.open(folder.in('logs')));
  const { archive } = stack.use(await openArchive(folder.in('data')));
  const commit = await GroupCommit.create({
    name: HTTP_SHIPPER_NAME,
    log: archive,
    format: FORMATS.gzip,
    level: 1,
    now: Date.now,
  });
  const buffer = stack.use(
    new ArchiveBuffer({ archive, folder: folder.in('data'), files, commit, patienceMs }),
  );
  return {
    buffer,
    files,
    archive,
    folder: folder.in('data'),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

type Opened = Awaited<ReturnType<typeof archiveBuffer>>;

async function numbersOf(lines: AsyncIterable<Buffer>): Promise<number[]> {
  const numbers: number[] = [];
  for await (const line of lines) numbers.push((JSON.parse(line.toString()) as { n: number }).n);
  return numbers;
}

/** As the output `users` does: the entries are in their file, and the archive is read up to its end. */
async function move({ files, archive, folder }: Opened, entries: readonly UserEntry[]): Promise<void> {
  await archive.published();
  const { segment = '', offset = 0 } = (await readCommitted(folder)) ?? {};
  const lines = Buffer.concat(entries.map(({ line }) => line));
  await files.turn(async (turn) => {
    const prepared = turn.prepare({ userId: 'ada', day: 1, lines });
    await turn.append([prepared], { follower: { position: { segment, offset } } });
  });
}

describe('the archive as a buffer', () => {
  test('what is added in one turn of the loop is one block, whole adds and in order', async () => {
    await using folder = await temporaryFolder();
    await using opened = await archiveBuffer(folder);
    await Promise.all(
      [[1, 2], [3], [4, 5, 6]].map((numbers) => opened.buffer.add(numbers.map((n) => entry(n)))),
    );
    expect((await blocksIn(folder.in('data'))).map(({ text }) => text.split('\n').length - 1)).toEqual([6]);
    expect(await numbersOf(opened.buffer.linesOf('ada', 1))).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await opened.buffer.waiting()).toEqual([{ userId: 'ada', day: 1, entries: 6 }]);
  });

  test('while a block is on its way the next gathers', async () => {
    await using folder = await temporaryFolder();
    await using opened = await archiveBuffer(folder);
    const first = opened.buffer.add([entry(0)]);
    await new Promise(setImmediate);
    const later: Promise<void>[] = [];
    for (let n = 1; n <= 20; n += 1) later.push(opened.buffer.add([entry(n)]));
    await Promise.all([first, ...later]);
    expect((await blocksIn(folder.in('data'))).length).toBeLessThanOrEqual(3);
  });

  test('entries that move to their file while a day is read are read once', async () => {
    await using folder = await temporaryFolder();
    await using opened = await archiveBuffer(folder);
    const { buffer } = opened;
    await buffer.add([entry(1)]);
    await move(opened, [entry(1)]);
    await buffer.add([entry(2), entry(2, 'bob'), entry(3)]);
    const lines = buffer.linesOf('ada', 1);
    const { value } = await lines.next();
    expect(String(value)).toContain('"n":1');
    await move(opened, [entry(2), entry(3)]);
    expect(await numbersOf(lines)).toEqual([2, 3]);
    expect(await numbersOf(buffer.linesOf('ada', 1))).toEqual([1, 2, 3]);
    expect(await buffer.waiting()).toEqual([]);
  });

  test('a drain waits for the output, and says so where it does not come', async () => {
    await using folder = await temporaryFolder();
    await using opened = await archiveBuffer(folder);
    expect(await opened.buffer.drain()).toEqual({ entries: 0, files: 0 });
    await opened.buffer.add([entry(1), entry(2)]);
    expect(await codeOf(() => opened.buffer.drain())).toBe('buffer_unavailable');
    const drained = opened.buffer.drain();
    await move(opened, [entry(1), entry(2)]);
    expect(await drained).toEqual({ entries: 2, files: 1 });
  });

  test('where the archive is closed an add is refused', async () => {
    await using folder = await temporaryFolder();
    await using opened = await archiveBuffer(folder);
    await opened.archive[Symbol.asyncDispose]();
    expect(await codeOf(() => opened.buffer.add([entry(1)]))).toBe('buffer_unavailable');
  });
});

describe('the archive while Redis is away', () => {
  const redisThat = (error: Error): UserBuffer => ({
    add: () => Promise.reject(error),
    waiting: () => Promise.resolve([]),
    drain: () => Promise.resolve({ entries: 0, files: 0 }),
    linesOf: () => {
      throw error;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });

  test.each([
    ['takes what Redis certainly has not got', new BufferUnavailable('away'), 1],
    ['leaves alone what Redis may have got', new BufferUnavailable('lost', { isUncertain: true }), 0],
    ['leaves alone what fails in another way', new TypeError('a fault'), 0],
  ])('%s', async (_, error, kept) => {
    await using folder = await temporaryFolder();
    await using opened = await archiveBuffer(folder);
    const buffer = new FallbackBuffer(redisThat(error), opened.buffer);
    const added = buffer.add([entry(1)]);
    if (kept === 1) await added;
    else await expect(added).rejects.toBe(error);
    expect(await blocksIn(folder.in('data'))).toHaveLength(kept);
    expect((await buffer.waiting()).map(({ entries }) => entries)).toEqual(kept === 1 ? [1] : []);
  });
});
