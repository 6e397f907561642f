import { expect, test } from 'vitest';
import { parseQuery } from '../../src/query/query.ts';
import { searchArchives } from '../../src/query/search_archives.ts';
import { here, writePart } from '../helpers/parted_archives.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

test('an archive that can not be read is told before any of them is searched', async () => {
  await using folder = await temporaryFolder();
  await writePart(folder.in('a'), here(1, 3));
  const searched: string[] = [];
  const archives = ['a', 'none'].map((name) => ({
    folder: folder.in(name),
    report: { ends: () => searched.push(name) },
  }));
  const options = { signal: new AbortController().signal, limit: Infinity };
  const found = searchArchives(archives, parseQuery({}, 0), 'lines', options);
  await expect(found.next()).rejects.toThrow(`there is no archive to read in ${folder.in('none')}`);
  expect(searched).toEqual([]);
});
