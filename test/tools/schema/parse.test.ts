import { writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IdlError } from '../../../src/tools/schema/idl_error.ts';
import { loadSchema } from '../../../src/tools/schema/load_schema.ts';
import { parseIdl } from '../../../src/tools/schema/parse.ts';
import { IDL_SAMPLES, NEVER_ENDING, REFUSED_BY_US } from '../../helpers/idl_samples.ts';
import { temporaryFolder } from '../../helpers/temp_folder.ts';
import { compileThrift } from '../../helpers/thrift_compiler.ts';

/** Undefined where it is taken. */
async function problemOf(text: string): Promise<string | undefined> {
  await using folder = await temporaryFolder();
  await writeFile(folder.in('a.thrift'), text);
  const problem = await loadSchema(folder.in('a.thrift')).catch((error: unknown) => error);
  if (problem instanceof IdlError) return problem.message.replace(folder.path, '');
  if (problem instanceof Error) throw problem;
  return undefined;
}

test.each(Object.entries(IDL_SAMPLES))('%s: taken or refused as the compiler does', async (_name, text) => {
  await using folder = await temporaryFolder();
  await writeFile(folder.in('a.thrift'), text);
  const { isTaken, said } = compileThrift(folder.in('a.thrift'), folder.path, 'json');
  const problem = await problemOf(text);
  expect({ isTaken: problem === undefined, problem, said }).toMatchObject({ isTaken });
});

test.each(Object.entries({ ...REFUSED_BY_US, ...NEVER_ENDING }))('%s: refused', async (_name, text) => {
  expect(await problemOf(text)).toMatch(/^\/a\.thrift:\d+:\d+: /);
});

test.each([
  [
    'struct A {\n  1: i32 a,\n  2: i32 service\n}',
    "3:10: 'service' is a reserved word of Thrift: it can't be the name of a field",
  ],
  ['struct A {\n  1: i32 a', "2:11: expected '}', found the end of the file"],
  ['struct A {\n  1: Foo a\n}', '2:6: there is no type Foo'],
  ['\n\n  hello', "3:3: expected typedef, const, enum, struct, union, exception or service, found 'hello'"],
  ['/* a\n b */ struct A { 1: i32 a,\n 1: i32 b }', '3:2: the id 1 is there twice'],
  ['enum A { X = "x" }', '1:14: expected the value of an enum, found a string'],
  ['const string A = "a\n"', '1:18: this string does not end on its line: " is missing'],
  ['typedef A B typedef B A', '1:21: B stands for itself, or for typedefs over 64 deep'],
  ['service A extends B {} service B extends A {}', '1:42: A extends itself'],
  ['const i32 A = B const i32 B = A', 'stands for itself'],
  ['struct A { 1: i32 a = "x" }', '1:23: expected i32, found a string'],
  ['const list<i32> A = [1, 2.5]', '1:25: expected i32, found 2.5'],
  ['struct A { 1: i32 \u009b }', '1:19: "\\u009b" has no meaning here'],
])('an error says where it is, and what: %j', async (text, problem) => {
  expect(await problemOf(text)).toContain(problem);
});

test('names, ids, requiredness and defaults are what is written', () => {
  const { namespaces, definitions } = parseIdl(
    'namespace py a.b\nstruct A { 1: required list<i32> a = [1], 7: optional B b, i64 c }',
    'a.thrift',
  );
  expect(namespaces.get('py')).toBe('a.b');
  expect(definitions).toMatchObject([
    {
      kind: 'struct',
      name: 'A',
      fields: [
        { id: 1, name: 'a', requiredness: 'required', type: { kind: 'list', element: { name: 'i32' } } },
        { id: 7, name: 'b', requiredness: 'optional', type: { kind: 'named', name: 'B' } },
        { id: -1, name: 'c', requiredness: 'default', type: { kind: 'base', name: 'i64' } },
      ],
    },
  ]);
});

test('any text is read or refused with a place, and nothing else happens', () => {
  const pieces = [
    'struct',
    'A',
    '{',
    '}',
    '1',
    ':',
    'i32',
    'list',
    '<',
    '>',
    '(',
    ')',
    '"',
    "'",
    '/*',
    '//',
    '\n',
    ' ',
    '=',
    '-',
    '.',
  ];
  const text = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 3 })), { maxLength: 30 });
  fc.assert(
    fc.property(text, (words) => {
      try {
        parseIdl(words.join(' '), 'a.thrift');
      } catch (error) {
        expect(error).toBeInstanceOf(IdlError);
        expect((error as Error).message).toMatch(/^a\.thrift:\d+:\d+: ./);
      }
    }),
    { numRuns: 500 },
  );
});

const deep = (levels: number): string =>
  `struct A { 1: ${'list<'.repeat(levels)}i32${'>'.repeat(levels)} a }`;

test('nesting ends at 64 levels', async () => {
  expect(await problemOf(deep(63))).toBeUndefined();
  expect(await problemOf(deep(64))).toContain('nested more than 64 levels deep');
  expect(await problemOf(deep(100_000))).toContain('nested more than 64 levels deep');
  expect(await problemOf(`const i32 A = ${'['.repeat(50_000)}`)).toContain('nested more than 64 levels deep');
});

test('types, values and methods that double with each line are refused before they fill the memory', async () => {
  const lines = (line: (n: number) => string): string =>
    Array.from({ length: 40 }, (_, n) => line(n + 1)).join('\n');
  const problem = 'more than 500000 parts of types and values';
  expect(
    await problemOf(`typedef i32 T0\n${lines((n) => `typedef map<T${n - 1}, T${n - 1}> T${n}`)}`),
  ).toContain(problem);
  expect(
    await problemOf(
      `struct S {}\nconst list<S> C0 = [1]\n${lines((n) => `const list<S> C${n} = [C${n - 1}, C${n - 1}]`)}`,
    ),
  ).toContain(problem);
});

test('a service of 1,000 methods may be extended 100 times, and 10,000 times it may not', async () => {
  const methods = Array.from({ length: 1000 }, (_, n) => `void f${n}(1: i32 a)`).join(' ');
  const services = (count: number): string =>
    Array.from({ length: count }, (_, n) => `service S${n} extends S {}`).join('\n');
  expect(await problemOf(`service S { ${methods} }\n${services(100)}`)).toBeUndefined();
  expect(await problemOf(`service S { ${methods} }\n${services(10_000)}`)).toContain(
    'more than 500000 parts',
  );
});

test('a chain of 20,000 structs that hold each other is read', async () => {
  const structs = Array.from({ length: 20_000 }, (_, n) => `struct S${n} { 1: S${n + 1} a }`);
  expect(await problemOf([...structs, 'struct S20000 {}'].join('\n'))).toBeUndefined();
});

test('a file of one long line takes no more time than one of many', async () => {
  expect(
    await problemOf(`struct A { ${Array.from({ length: 60_000 }, (_, n) => `i32 a${n}`).join(' ')} }`),
  ).toBeUndefined();
}, 20_000);
