import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { systemDisk } from '../../src/archive/disk.ts';
import { codeOf } from '../helpers/errors.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

test('pieces are written one behind the other from an offset, more than the system takes at once', async () => {
  await using folder = await temporaryFolder();
  const file = await systemDisk.create(folder.in('segment'));
  await file.write([Buffer.from('ab')], 0);
  const pieces = Array.from({ length: 3000 }, (_, index) => Buffer.from(`${index},`));
  await file.write([...pieces, Buffer.alloc(0)], 2);
  await file.sync();
  await file.close();
  expect(await readFile(folder.in('segment'), 'utf8')).toBe(`ab${pieces.join('')}`);
});

test('a file that exists is not created again', async () => {
  await using folder = await temporaryFolder();
  await writeFile(folder.in('segment'), 'kept');
  expect(await codeOf(() => systemDisk.create(folder.in('segment')))).toBe('EEXIST');
  expect(await readFile(folder.in('segment'), 'utf8')).toBe('kept');
});

test('a file is reopened cut to its committed bytes', async () => {
  await using folder = await temporaryFolder();
  await writeFile(folder.in('segment'), 'committed and torn');
  const file = await systemDisk.reopen(folder.in('segment'), 9);
  await file.write([Buffer.from('!')], 9);
  await file.close();
  expect(await readFile(folder.in('segment'), 'utf8')).toBe('committed!');
});

test('a file that is not there is not reopened', async () => {
  await using folder = await temporaryFolder();
  expect(await codeOf(() => systemDisk.reopen(folder.in('segment'), 0))).toBe('ENOENT');
});
