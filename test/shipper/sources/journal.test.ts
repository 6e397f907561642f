import { appendFile, copyFile, mkdir, readFile, readdir, rmdir, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Receiver } from '../../../src/receiver/receiver.ts';
import { isJournalFile, journalFileName, newRun } from '../../../src/shipper/sources/journal/journal_file.ts';
import {
  JournalWriter,
  type JournalWriterOptions,
} from '../../../src/shipper/sources/journal/journal_writer.ts';
import { Journal } from '../../../src/shipper/sources/journal/journal.ts';
import { archivedHeaders, archivedLines, testReceiver, verdictOn } from '../../helpers/receivers.ts';
import { silentLog } from '../../helpers/logs.ts';
import { neverStop, numbered, testShipper } from '../../helpers/shippers.ts';
import { temporaryFolder, type TemporaryFolder } from '../../helpers/temp_folder.ts';
import { until } from '../../helpers/until.ts';

const ID = 'test-shipper';

let folder: TemporaryFolder;
let problems: string[];
let clock: number;

beforeEach(async () => {
  folder = await temporaryFolder();
  await mkdir(folder.in('spool'));
  problems = [];
  clock = 1;
});
afterEach(() => folder[Symbol.asyncDispose]());

const files = async (): Promise<string[]> => (await readdir(folder.in('spool'))).filter(isJournalFile).sort();

/** A run that writes to the folder. */
async function begin(
  options: Partial<JournalWriterOptions> = {},
): Promise<{ writer: JournalWriter; run: string }> {
  const run = newRun(await files(), (clock += 1));
  const onProblem = (message: string): unknown => problems.push(message);
  const common = { folder: folder.in('spool'), maxBytes: 1024 * 1024, fsync: 'never' as const };
  return { writer: new JournalWriter({ ...common, run, onProblem, ...options }), run };
}

/** Ships what is in the folder to its end, and deletes it. */
async function ship(receiver: Receiver, run: string, source = journalOf(run)): Promise<void> {
  source.end();
  const shipper = testShipper({ port: receiver.port, source, stateFolder: folder.in('state') });
  await shipper.run(neverStop());
  await source.deleted();
}

const journalOf = (run: string, readBytes = 512): Journal =>
  new Journal({ folder: folder.in('spool'), run, readBytes, maxLineBytes: 1024, log: silentLog });

const append = (writer: JournalWriter, lines: readonly string[]): void =>
  lines.forEach((line) => writer.append(Buffer.from(`${line}\n`), 1));

const archived = (): Promise<string[]> => archivedLines(folder.in('data'), ID);

describe('a journal', () => {
  test('is shipped line by line over many files, deletes them, and leaves no position behind', async () => {
    await using receiver = await testReceiver(folder.in('data'));
    const { writer, run } = await begin({ maxBytes: 16 * 1024 });
    append(writer, numbered(800));
    writer.close();
    expect((await files()).length).toBeGreaterThan(3);
    await ship(receiver, run);
    expect(await archived()).toEqual(numbered(800));
    expect(await files()).toEqual([]);
    const next = await begin();
    append(next.writer, numbered(5, 801));
    next.writer.close();
    await ship(receiver, next.run);
    expect(await archived()).toEqual(numbered(805));
    const told = (await archivedHeaders(folder.in('data'), ID)).flatMap(({ positions }) =>
      Object.entries(positions),
    );
    const gone = new Set(told.filter(([, { isGone }]) => isGone === true).map(([name]) => name));
    expect(told.filter(([name]) => !gone.has(name) && name.startsWith(run))).toEqual([]);
  });

  test('is shipped while it grows, from file to file', async () => {
    await using receiver = await testReceiver(folder.in('data'));
    const { writer, run } = await begin({ maxBytes: 8 * 1024 });
    const source = journalOf(run);
    const shipper = testShipper({ port: receiver.port, source, stateFolder: folder.in('state') });
    const running = shipper.run(neverStop());
    for (let from = 1; from < 1000; from += 100) {
      append(writer, numbered(100, from));
      source.grew();
      await source.flush();
      expect(await archived()).toHaveLength(from + 99);
    }
    writer.close();
    source.end();
    await running;
    await source.deleted();
    expect(await archived()).toEqual(numbered(1000));
    expect(await files()).toEqual([]);
    expect(problems).toEqual([]);
  });

  test('goes on where the receiver stands: what an earlier run left comes first, and once', async () => {
    await using receiver = await testReceiver(folder.in('data'));
    const first = await begin();
    append(first.writer, numbered(50));
    first.writer.close();
    const [name = ''] = await files();
    await copyFile(folder.in('spool', name), folder.in('copy'));
    await ship(receiver, first.run);
    // As if its process had been killed after the acknowledgement, and before the file was deleted; and more of it had been written.
    await writeFile(
      folder.in('spool', name),
      (await readFile(folder.in('copy'), 'utf8')) + `${numbered(1, 51)[0] ?? ''}\n`,
    );
    const second = await begin();
    append(second.writer, numbered(10, 52));
    second.writer.close();
    await ship(receiver, second.run);
    expect(await archived()).toEqual(numbered(61));
    expect((await verdictOn(folder.in('data'))).code).toBe(0);
  });

  test('that ends in a line that was not written whole leaves that out', async () => {
    await using receiver = await testReceiver(folder.in('data'));
    const killed = await begin();
    append(killed.writer, numbered(3));
    killed.writer.close();
    const [name = ''] = await files();
    await appendFile(folder.in('spool', name), '{"n":');
    const next = await begin();
    append(next.writer, numbered(1, 4));
    next.writer.close();
    await ship(receiver, next.run);
    expect(await archived()).toEqual(numbered(4));
  });

  test('ships lines longer than the limit in pieces, and what is no entry as a message', async () => {
    await using receiver = await testReceiver(folder.in('data'));
    const { writer, run } = await begin();
    append(writer, ['x'.repeat(3000), 'words', '{"n":1}']);
    writer.close();
    await ship(receiver, run);
    const entries = (await archived()).map(
      (line) => JSON.parse(line) as { message?: string; _part?: number },
    );
    expect(entries.map(({ _part }) => _part)).toEqual([1, 2, 3, undefined, undefined]);
    expect(entries.map(({ message }) => message ?? '').join('')).toBe(`${'x'.repeat(3000)}words`);
  });
});

test('a journal that can not begin its next file goes on in the one it has, until it can', async () => {
  await using receiver = await testReceiver(folder.in('data'));
  const { writer, run } = await begin({ maxBytes: 4096 });
  const next = folder.in('spool', journalFileName(run, 1));
  await mkdir(next);
  append(writer, numbered(100));
  expect(writer.dropped).toBe(0);
  await rmdir(next);
  await until('there is a next file', async () => {
    append(writer, ['{"more":1}']);
    return (await files()).length > 1;
  });
  writer.close();
  await ship(receiver, run);
  expect((await archived()).slice(0, 100)).toEqual(numbered(100));
  expect(problems).toEqual([]);
});

describe('a journal that is full', () => {
  test('drops what comes, tells it once, and declares it where it is missing', async () => {
    await using receiver = await testReceiver(folder.in('data'));
    const { writer, run } = await begin({ maxBytes: 4096 });
    append(writer, numbered(1000));
    expect(problems).toEqual(['entries are dropped: the spool was full (SPOOL_MAX_BYTES)']);
    const { dropped } = writer;
    expect(dropped).toBeGreaterThan(300);
    const source = journalOf(run);
    const shipper = testShipper({ port: receiver.port, source, stateFolder: folder.in('state') });
    const running = shipper.run(neverStop());
    let more = 0;
    await until('there is room again', () => {
      append(writer, [`{"late":${(more += 1)}}`]);
      return writer.dropped - dropped < more;
    });
    writer.close();
    source.end();
    await running;
    expect(await archived()).toHaveLength(1000 + more - writer.dropped);
    expect(shipper.counts).toMatchObject({ dropped: writer.dropped });
    expect((await verdictOn(folder.in('data'))).report).toContain(`${writer.dropped} entries declared lost`);
  });

  test('because its disk is: the same, and no line is torn', async () => {
    const { writer, run } = await begin();
    append(writer, numbered(2));
    const [name = ''] = await files();
    expect(name).toBe(journalFileName(run, 0));
    writer.close();
    writer.append(Buffer.from('{"n":3}\n'), 1);
    expect(writer.dropped).toBe(1);
    expect(problems).toEqual(['entries are dropped: the spool is closed']);
    expect(await readFile(folder.in('spool', name), 'utf8')).toBe('{"n":1}\n{"n":2}\n');
  });
});

test('runs sort by age, whatever the clock says', () => {
  const first = newRun([], 5000);
  const second = newRun([journalFileName(first, 3), 'other'], 10);
  expect([journalFileName(second, 0), journalFileName(first, 9)].sort()[0]).toBe(journalFileName(first, 9));
});
