import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { ID_BINDINGS_FILE, IdBindings } from '../../src/receiver/id_bindings.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

test('the first to claim an id has it, also after the file was read again', async () => {
  await using folder = await temporaryFolder();
  const bindings = await IdBindings.open(folder.path);
  expect(await bindings.claim('web-1', 'one')).toBe(true);
  expect(await bindings.claim('web-1', 'one')).toBe(true);
  expect(await bindings.claim('web-1', 'two')).toBe(false);
  const again = await IdBindings.open(folder.path);
  expect(await again.claim('web-1', 'two')).toBe(false);
  expect(await again.claim('web-1', 'one')).toBe(true);
});

test('of many who claim at once each id has one owner, on disk when they are told', async () => {
  await using folder = await temporaryFolder();
  const bindings = await IdBindings.open(folder.path);
  const claims = Array.from({ length: 200 }, (_, n) => bindings.claim(`id-${n % 50}`, `owner-${n}`));
  expect((await Promise.all(claims)).map(Number)).toEqual(claims.map((_, n) => (n < 50 ? 1 : 0)));
  const { bindings: kept } = JSON.parse(await readFile(folder.in(ID_BINDINGS_FILE), 'utf8')) as {
    bindings: Record<string, string>;
  };
  expect(kept).toEqual(Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`id-${n}`, `owner-${n}`])));
});

test('where the disk does not take it nothing is bound, and those bound before are still let in', async () => {
  await using folder = await temporaryFolder();
  const bindings = await IdBindings.open(folder.path);
  await bindings.claim('web-1', 'one');
  await mkdir(folder.in(`${ID_BINDINGS_FILE}.new`));
  await expect(bindings.claim('web-2', 'one')).rejects.toMatchObject({ code: 'EISDIR' });
  expect(await bindings.claim('web-1', 'one')).toBe(true);
  await expect(bindings.claim('web-2', 'two')).rejects.toMatchObject({ code: 'EISDIR' });
});

describe('a file that is damaged is an error, and not a clean slate', () => {
  test.each(['', '{', '[]', 'null', '{"bindings":[]}', '{"bindings":{"web-1":7}}', '{"web-1":"one"}'])(
    '%s',
    async (text) => {
      await using folder = await temporaryFolder();
      await writeFile(folder.in(ID_BINDINGS_FILE), text);
      await expect(IdBindings.open(folder.path)).rejects.toThrow(/damaged.*AUTH_BIND_IDS/);
    },
  );
});
