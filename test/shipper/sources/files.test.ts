import { appendFile, rename, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SourcePositions } from '../../../src/entry.ts';
import type { Chunk, Source } from '../../../src/shipper/source.ts';
import { expectFiles, files } from '../../../src/shipper/sources/files.ts';
import { chunksOf, linesIn, positionsAfter } from '../../helpers/chunks.ts';
import { collectLogs, type CollectedLogs } from '../../helpers/logs.ts';
import { temporaryFolder, type TemporaryFolder } from '../../helpers/temp_folder.ts';

const READ_BYTES = 64;
const MAX_LINE_BYTES = 100;

let folder: TemporaryFolder;
let logs: CollectedLogs;
let path: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  logs = collectLogs();
  path = folder.in('app.log');
});

afterEach(async () => {
  await folder[Symbol.asyncDispose]();
});

const sourceOf = (...paths: string[]): Source =>
  files({ paths, readBytes: READ_BYTES, maxLineBytes: MAX_LINE_BYTES, log: logs.log });
const readAll = (from: SourcePositions = {}): Promise<Chunk[]> => chunksOf(sourceOf(path), from);
const entries = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, n) => `{"n":${from + n},"message":"entry"}`);
const textOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

describe('a file is read from its start to its end', () => {
  test('as the lines it has', async () => {
    await writeFile(path, textOf(entries(1, 20)));
    expect(linesIn(await readAll())).toEqual(entries(1, 20));
  });

  test('an empty one gives nothing', async () => {
    await writeFile(path, '');
    expect(await readAll()).toEqual([]);
  });

  test('a last line without a newline is given one, and the position is the end of the file', async () => {
    await writeFile(path, textOf(entries(1, 3)).slice(0, -1));
    const chunks = await readAll();
    expect(linesIn(chunks)).toEqual(entries(1, 3));
    expect(positionsAfter(chunks)[path]?.offset).toBe(textOf(entries(1, 3)).length - 1);
    expect(linesIn(await readAll(positionsAfter(chunks)))).toEqual([]);
  });

  test('several in the order given', async () => {
    await writeFile(folder.in('b'), textOf(entries(1, 5)));
    await writeFile(folder.in('a'), textOf(entries(6, 9)));
    expect(linesIn(await chunksOf(sourceOf(folder.in('b'), folder.in('a'))))).toEqual(entries(1, 9));
  });

  test('until it is told to stop', async () => {
    await writeFile(path, textOf(entries(1, 100)));
    const stop = new AbortController();
    let chunks = 0;
    for await (const chunk of sourceOf(path).read({}, stop.signal, 2 ** 20)) {
      chunks += 1;
      expect(chunk.lines.count).toBeGreaterThan(0);
      stop.abort();
    }
    expect(chunks).toBe(1);
  });
});

describe('a file is resumed', () => {
  test('from any chunk on, at the next line, byte for byte', async () => {
    const lines = [...entries(1, 10), 'plain text', '', `{"long":"${'é'.repeat(150)}"}`, ...entries(11, 20)];
    await writeFile(path, textOf(lines));
    const whole = await readAll();
    const all = linesIn(whole);
    expect(whole.length).toBeGreaterThan(5);
    for (let done = 0; done <= whole.length; done += 1) {
      const before = whole.slice(0, done);
      const after = await readAll(positionsAfter(before));
      expect([...linesIn(before), ...linesIn(after)], `resumed after chunk ${done}`).toEqual(all);
    }
  });

  test('where it has grown: what is new, and that is said', async () => {
    await writeFile(path, textOf(entries(1, 10)));
    const positions = positionsAfter(await readAll());
    await appendFile(path, textOf(entries(11, 15)));
    expect(linesIn(await readAll(positions))).toEqual(entries(11, 15));
    expect(logs.at('info')[0]).toContain('going on at byte');
    expect(logs.at('warn')).toEqual([]);
  });

  test('though it was shorter than the head by which it is known, and has grown since', async () => {
    await writeFile(path, textOf(entries(1, 1)));
    const positions = positionsAfter(await readAll());
    await appendFile(path, textOf(entries(2, 200)));
    expect(linesIn(await readAll(positions))).toEqual(entries(2, 200));
  });

  test('in the middle of a long line, with the right piece', async () => {
    await writeFile(path, `${'a'.repeat(100)}${'b'.repeat(100)}${'c'.repeat(10)}\n{"n":1}\n`);
    const whole = await readAll();
    const [first] = whole;
    expect(linesIn(first === undefined ? [] : [first])).toEqual([
      JSON.stringify({ message: 'a'.repeat(100), _part: 1, _last: false }),
    ]);
    expect(first?.positions[path]).toMatchObject({ offset: 100, part: 1 });
    expect(linesIn(await readAll(first?.positions))).toEqual([
      JSON.stringify({ message: 'b'.repeat(100), _part: 2, _last: false }),
      JSON.stringify({ message: 'c'.repeat(10), _part: 3, _last: true }),
      '{"n":1}',
    ]);
  });
});

describe('a file that is not the one shipped before is shipped from its start, and that is said', () => {
  test.each([
    ['another took its name', () => writeFile(path, textOf(entries(101, 120)))],
    [
      'another of the same length was moved there',
      () => replaceBy(textOf(entries(1, 10)).replaceAll('entry', 'other')),
    ],
    ['it was cut shorter than its position', () => writeFile(path, textOf(entries(1, 9)))],
    ['it was emptied and written anew', () => writeFile(path, textOf(entries(7, 8)))],
  ])('when %s', async (_, change) => {
    await writeFile(path, textOf(entries(1, 10)));
    const positions = positionsAfter(await readAll());
    await change();
    const fresh = linesIn(await readAll());
    expect(linesIn(await readAll(positions))).toEqual(fresh);
    expect(logs.at('warn')).toEqual([expect.stringContaining('shipping it from its start')]);
  });

  test('when it was cut behind its head, where it is still the same', async () => {
    await writeFile(path, textOf(entries(1, 100)));
    const positions = positionsAfter(await readAll());
    await writeFile(path, textOf(entries(1, 60)));
    expect(linesIn(await readAll(positions))).toEqual(entries(1, 60));
    expect(logs.at('warn')).toEqual([expect.stringContaining('shorter than')]);
  });

  test('when it is empty now there is nothing to ship', async () => {
    await writeFile(path, textOf(entries(1, 10)));
    const positions = positionsAfter(await readAll());
    await writeFile(path, '');
    expect(await readAll(positions)).toEqual([]);
  });

  async function replaceBy(text: string): Promise<void> {
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  }
});

describe('before anything is shipped', () => {
  test.each([
    ['a file that is missing', 'nowhere.log', 'ENOENT'],
    ['a folder', '.', 'is not a file'],
  ])('%s is an error', async (_, name, message) => {
    await writeFile(path, '');
    await expect(expectFiles([path, folder.in(name)])).rejects.toThrow(message);
    await expect(expectFiles([path])).resolves.toBeUndefined();
  });
});
