import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { spoolShipperId } from '../../../src/shipper/spool/spool_id.ts';
import { codeOf } from '../../helpers/errors.ts';
import { leave } from '../../helpers/spools.ts';
import { temporaryFolder } from '../../helpers/temp_folder.ts';

const never = (): string => {
  throw new Error('a new id was made');
};

test('a new spool gets a new id, and keeps it', async () => {
  await using folder = await temporaryFolder();
  const path = folder.in('spool');
  expect(await spoolShipperId(path, undefined, () => 'a-1')).toBe('a-1');
  expect(await spoolShipperId(path, undefined, never)).toBe('a-1');
  expect(await readFile(folder.in('spool', 'shipper_id'), 'utf8')).toBe('a-1\n');
});

test('the id that is wanted is taken and remembered', async () => {
  await using folder = await temporaryFolder();
  expect(await spoolShipperId(folder.path, 'mine', never)).toBe('mine');
  expect(await spoolShipperId(folder.path, undefined, never)).toBe('mine');
});

test('another id is refused while batches of the old one wait, and taken when they are gone', async () => {
  await using folder = await temporaryFolder();
  await spoolShipperId(folder.path, 'old', never);
  await leave(folder.path, 1, 2);
  expect(await codeOf(() => spoolShipperId(folder.path, 'new', never))).toBe('conflict');
  expect(await spoolShipperId(folder.path, 'old', never)).toBe('old');
  await using empty = await temporaryFolder();
  await spoolShipperId(empty.path, 'old', never);
  expect(await spoolShipperId(empty.path, 'new', never)).toBe('new');
});

test('a file without a name in it is as none', async () => {
  await using folder = await temporaryFolder();
  await writeFile(folder.in('shipper_id'), '\n');
  expect(await spoolShipperId(folder.path, undefined, () => 'a-2')).toBe('a-2');
});
