import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { IdlError } from '../../../src/tools/schema/idl_error.ts';
import { loadSchema } from '../../../src/tools/schema/load_schema.ts';
import { showType } from '../../../src/tools/schema/schema.ts';
import { temporaryFolder, type TemporaryFolder } from '../../helpers/temp_folder.ts';

async function withFiles(folder: TemporaryFolder, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(folder.in(name)), { recursive: true });
    await writeFile(folder.in(name), text);
  }
}

const problemOf = async (path: string, include: string[] = []): Promise<string> => {
  const error: unknown = await loadSchema(path, include).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(IdlError);
  return (error as Error).message;
};

test('what is included is called by the name of its file, however deep', async () => {
  await using folder = await temporaryFolder();
  await withFiles(folder, {
    'a.thrift':
      'include "lib/b.thrift"\nstruct A { 1: b.B b, 2: b.Id id = b.FIRST }\nservice S extends b.Base {}',
    'lib/b.thrift':
      'include "c.thrift"\ntypedef c.Id Id\nconst Id FIRST = c.FIRST\nstruct B { 1: c.C c }\nservice Base { void f(1: B b) }',
    'lib/c.thrift': 'typedef i64 Id\nconst Id FIRST = 7\nstruct C { 1: i32 a }',
  });
  const schema = await loadSchema(folder.in('a.thrift'));
  const fields = [...(schema.structs.get('A')?.fields.values() ?? [])];
  expect(fields.map(({ type, value }) => [showType(type), value])).toEqual([
    ['b.B', undefined],
    ['i64', '7'],
  ]);
  expect([...schema.structs.keys()].sort()).toEqual(['A', 'b.B', 'c.C']);
  expect([...(schema.services.get('S')?.methods.keys() ?? [])]).toEqual(['f']);
});

test('files of one name in two folders are told apart', async () => {
  await using folder = await temporaryFolder();
  await withFiles(folder, {
    'a.thrift': 'include "x/base.thrift"\ninclude "b.thrift"\nstruct A { 1: base.B x, 2: b.C c }',
    'b.thrift': 'include "y/base.thrift"\nstruct C { 1: base.B y }',
    'x/base.thrift': 'struct B { 1: i32 a }',
    'y/base.thrift': 'struct B { 1: string a }',
  });
  const { structs } = await loadSchema(folder.in('a.thrift'));
  expect([...structs.keys()].sort()).toEqual(['A', 'b.C', 'base.B', 'y/base.B']);
});

test('a circle of includes is told as one', async () => {
  await using folder = await temporaryFolder();
  await withFiles(folder, {
    'a.thrift': 'include "b.thrift"',
    'b.thrift': 'struct B {}\n  include "a.thrift"'.replace('struct B {}\n', ''),
  });
  expect(await problemOf(folder.in('a.thrift'))).toContain(
    'b.thrift:1:3: includes a.thrift in a circle: a.thrift → b.thrift → a.thrift',
  );
});

test('an include outside of the folder is refused, also by a link or as a whole path, unless its folder is allowed', async () => {
  await using folder = await temporaryFolder();
  await withFiles(folder, {
    'own/a.thrift': 'include "../other/b.thrift"\nstruct A { 1: b.B b }',
    'own/c.thrift': 'include "link.thrift"',
    'own/d.thrift': 'include "b.thrift"\nstruct A { 1: b.B b }',
    'own/e.thrift': `include "${folder.in('other/b.thrift')}"`,
    'other/b.thrift': 'struct B {}',
  });
  await symlink(folder.in('other/b.thrift'), folder.in('own/link.thrift'));
  for (const name of ['a', 'c', 'e'])
    expect(await problemOf(folder.in(`own/${name}.thrift`))).toContain('allow its folder with --include');
  for (const name of ['a', 'd'])
    expect([
      ...(await loadSchema(folder.in(`own/${name}.thrift`), [folder.in('other')])).structs.keys(),
    ]).toEqual(['A', 'b.B']);
});

test.each([
  ['nothing.thrift', 'there is no such file'],
  ['folder', 'this is no file'],
  ['long.thrift', '1048577 bytes are more than 1048576, the most that is read'],
  ['missing.thrift', 'there is no file "x.thrift" to include'],
])('%s: %s', async (name, problem) => {
  await using folder = await temporaryFolder();
  await mkdir(folder.in('folder'));
  await withFiles(folder, {
    'long.thrift': ' '.repeat(1024 * 1024 + 1),
    'missing.thrift': 'include "x.thrift"',
  });
  expect(await problemOf(folder.in(name))).toContain(problem);
});

test('a file of the most bytes that are read is read', async () => {
  await using folder = await temporaryFolder();
  await withFiles(folder, { 'a.thrift': ' '.repeat(1024 * 1024) });
  await loadSchema(folder.in('a.thrift'));
});
