import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../helpers/temp_folder.ts';

const ROOT = join(import.meta.dirname, '..', '..');

test('what is committed is what the compiler makes of thrift/*.thrift', async () => {
  await using folder = await temporaryFolder();
  await promisify(execFile)(process.execPath, [join(ROOT, 'scripts', 'generate_thrift.ts'), folder.path]);
  const committed = join(ROOT, 'src', 'thrift', 'generated');
  const made = await readdir(folder.path);
  expect((await readdir(committed)).toSorted()).toEqual([...made, 'package.json'].toSorted());
  for (const name of made)
    expect(await readFile(join(committed, name), 'utf8'), name).toBe(await readFile(folder.in(name), 'utf8'));
});
