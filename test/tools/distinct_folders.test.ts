import { mkdir, symlink } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { distinctFolders } from '../../src/tools/distinct_folders.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

test('folders are taken in their order, also those that are not there: what reads them says so', async () => {
  await using folder = await temporaryFolder();
  const folders = ['b', 'a', 'none'].map((name) => folder.in(name));
  await mkdir(folder.in('a'));
  await mkdir(folder.in('b'));
  expect(await distinctFolders(folders)).toEqual(folders);
});

test('a folder that is named twice is refused, under whatever name', async () => {
  await using folder = await temporaryFolder();
  const [a, b] = [folder.in('a'), folder.in('b')];
  await mkdir(a);
  await symlink(a, b);
  await expect(distinctFolders([a, a])).rejects.toThrow(`${a} is named twice`);
  await expect(distinctFolders([a, b])).rejects.toThrow(`${a} and ${b} are the same folder`);
  await expect(distinctFolders(['/none', '/none'])).rejects.toThrow('/none is named twice');
});
