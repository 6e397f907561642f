import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { syncFolder, writeFileAtomically } from '../../src/base/atomic_file.ts';
import { codeOf } from '../helpers/errors.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

test('a file is made, then replaced, and nothing else is left', async () => {
  await using folder = await temporaryFolder();
  for (const text of ['first', 'second, longer', '']) {
    await writeFileAtomically(folder.in('file'), text);
    expect(await readFile(folder.in('file'), 'utf8')).toBe(text);
  }
  expect(await readdir(folder.path)).toEqual(['file']);
  expect((await stat(folder.in('file'))).mode & 0o077).toBe(0);
});

test('a draft that a crash left behind is no obstacle', async () => {
  await using folder = await temporaryFolder();
  await writeFile(folder.in('file'), 'old');
  await writeFile(folder.in('file.new'), 'a longer draft that was never finished');
  await writeFileAtomically(folder.in('file'), 'new');
  expect(await readFile(folder.in('file'), 'utf8')).toBe('new');
});

test('a reader finds the old text or the new one, whole', async () => {
  await using folder = await temporaryFolder();
  const texts = ['a', 'b'].map((letter) => letter.repeat(100_000));
  await writeFileAtomically(folder.in('file'), texts[0] ?? '');
  const seen = new Set<string>();
  let isWriting = true;
  const writing = (async () => {
    for (let round = 0; round < 30; round += 1)
      await writeFileAtomically(folder.in('file'), texts[round % 2] ?? '');
    isWriting = false;
  })();
  while (isWriting) seen.add(await readFile(folder.in('file'), 'utf8'));
  await writing;
  expect(seen.size).toBeGreaterThan(0);
  expect([...seen].filter((text) => !texts.includes(text))).toEqual([]);
});

test('a folder that is not there is an error', async () => {
  expect(await codeOf(() => writeFileAtomically('/nonexistent/file', ''))).toBe('ENOENT');
  expect(await codeOf(() => syncFolder('/nonexistent'))).toBe('ENOENT');
});
