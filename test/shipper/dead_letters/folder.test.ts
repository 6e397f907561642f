import { mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import {
  folderNameOf,
  makeFolder,
  readFileName,
  shipperOf,
  sweep,
} from '../../../src/shipper/dead_letters/folder.ts';
import { temporaryFolder } from '../../helpers/temp_folder.ts';

test.each(['a', 'a:b', 'a_b', 'A-1.b', 'web-1:dead-letter:7-9'])(
  'a folder is named after %s, and back',
  (id) => {
    expect(folderNameOf(id)).not.toContain(':');
    expect(shipperOf(folderNameOf(id))).toBe(id);
  },
);

test.each([
  ['7-9.ndjson', { name: '7-9', epoch: 7, sequence: 9, kind: 'ndjson', isDraft: false }],
  ['7-9-2.3.ndjson', { name: '7-9-2.3', epoch: 7, sequence: 9, kind: 'ndjson', isDraft: false }],
  ['7-9.1.json', { name: '7-9.1', kind: 'json' }],
  ['7-9.ndjson.new', { name: '7-9', kind: 'ndjson.new' }],
  ['1-1.2.ndjson', { name: '1-1.2', isDraft: true }],
  ['1-1.2.3.json', { name: '1-1.2.3', isDraft: true }],
  ['1-10.ndjson', { name: '1-10', isDraft: false }],
  ['x7-9.ndjson', undefined],
  ['7-9', undefined],
  ['7.ndjson', undefined],
  ['7-9.ndjson.bak', undefined],
])('%s is %o, beside 1-1.ndjson', (file, expected) => {
  const found = readFileName(file, new Set(['1-1.ndjson', file]));
  if (expected === undefined) expect(found).toBeUndefined();
  else expect(found).toMatchObject(expected);
});

test('what killed processes left is swept away; what a living one may be about to finish stays', async () => {
  await using folder = await temporaryFolder();
  const now = Date.now();
  const isOld = (name: string): boolean => !name.startsWith('9-');
  const gone = ['1-1.1.ndjson', '1-1.1.json', '1-1.2.json', '2-1.json', '3-1.ndjson.new', '3-1.json.new'];
  const kept = ['1-1.ndjson', '1-1.json', '4-1.ndjson', '9-1.json', '9-2.ndjson.new', 'notes.txt'];
  for (const name of [...gone, ...kept]) {
    await writeFile(folder.in(name), '');
    const seconds = now / 1000 - (isOld(name) && !name.startsWith('1-1') ? 2 * 3600 : 0);
    await utimes(folder.in(name), seconds, seconds);
  }
  await mkdir(folder.in('5-1.json'));
  await utimes(folder.in('5-1.json'), 0, 0);
  await sweep(folder.path, now);
  expect((await readdir(folder.path)).sort()).toEqual([...kept, '5-1.json'].sort());
});

test.each([
  ['absolute', (path: string) => path],
  ['relative', (path: string) => relative(process.cwd(), path)],
])('folders are made for their owner alone, by an %s path, and once', async (_, pathOf) => {
  await using folder = await temporaryFolder();
  const path = join(pathOf(folder.path), 'state', 'dead-letter', 'a');
  await makeFolder(path);
  await makeFolder(path);
  expect((await stat(folder.in('state', 'dead-letter', 'a'))).mode & 0o777).toBe(0o700);
  expect((await stat(folder.in('state'))).mode & 0o777).toBe(0o700);
});
