import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import {
  addToNote,
  readNote,
  removeLetter,
  replaceLetter,
  writeLetter,
} from '../../../src/shipper/dead_letters/file.ts';
import { readDeadLetters } from '../../../src/shipper/dead_letters/list.ts';
import { temporaryFolder } from '../../helpers/temp_folder.ts';

const NOTE = { shipper: 'a', epoch: 7, sequence: 9, count: 1, code: 'not_json', reason: 'it is not' };
const ENTRIES = Buffer.from('{}\n');

test('a letter is written and removed with its note; one that has gone already is fine', async () => {
  await using folder = await temporaryFolder();
  const path = folder.in('7-9.ndjson');
  await writeLetter({ path, note: NOTE, entries: ENTRIES });
  expect(await readNote(path)).toEqual(NOTE);
  expect(await readFile(path)).toEqual(ENTRIES);
  await removeLetter(path);
  await removeLetter(path);
  expect(await readdir(folder.path)).toEqual([]);
});

test('news go into a note beside what it says; where there is none it begins with them', async () => {
  await using folder = await temporaryFolder();
  const path = folder.in('7-9.ndjson');
  await addToNote(path, { code: 'not_utf8' });
  expect(await readNote(path)).toEqual({ code: 'not_utf8' });
  await writeLetter({ path, note: NOTE, entries: ENTRIES });
  await addToNote(path, { code: 'not_utf8', reason: 'now' });
  expect(await readNote(path)).toEqual({ ...NOTE, code: 'not_utf8', reason: 'now' });
});

test.each([
  ['torn', '{"code":"no'],
  ['of something else', '["code"]'],
  ['of nothing', 'null'],
  ['of wrong types', '{"shipper":1,"epoch":"7","sequence":-1,"count":1.5,"code":{},"reason":null}'],
])('a note that is %s says nothing', async (_, text) => {
  await using folder = await temporaryFolder();
  await writeFile(folder.in('7-9.json'), text);
  expect(await readNote(folder.in('7-9.ndjson'))).toEqual({});
});

test('parts that can not all be written are no letters: theirs is still there', async () => {
  await using folder = await temporaryFolder();
  const inFolder = (name: string): string => folder.in('dead-letter', 'a', name);
  await mkdir(inFolder('7-9.2.ndjson'), { recursive: true });
  await writeLetter({ path: inFolder('7-9.ndjson'), note: NOTE, entries: ENTRIES });
  const parts = ['7-9.1.ndjson', '7-9.2.ndjson'].map((name) => {
    return { path: inFolder(name), note: NOTE, entries: ENTRIES };
  });
  await expect(replaceLetter(inFolder('7-9.ndjson'), parts)).rejects.toThrow('EISDIR');
  expect((await readDeadLetters(folder.path)).map(({ name }) => name)).toEqual(['7-9']);
});
