import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { brokenRules, partOf } from './helpers/architecture_rules.ts';
import { importsIn, readImports } from './helpers/import_graph.ts';

const ROOT = join(import.meta.dirname, '..');

interface PackageJson {
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const readPackage = async (): Promise<PackageJson> =>
  JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as PackageJson;

/** The files from which something starts: the programs, the scripts, and what the package exports. */
async function startingPoints(): Promise<{ roots: string[]; scripts: string[] }> {
  const names = await readdir(ROOT);
  const programs = names.filter((name) => name.endsWith('_main.ts'));
  const scripts = names.includes('scripts')
    ? (await readdir(join(ROOT, 'scripts')))
        .filter((name) => name.endsWith('.ts'))
        .map((name) => `scripts/${name}`)
    : [];
  const exported = JSON.stringify((await readPackage()).exports ?? {}).matchAll(/dist\/(src\/[^"]+)\.js/g);
  return {
    roots: [...programs, ...scripts, ...[...exported].map((match) => `${match[1] ?? ''}.ts`)],
    scripts,
  };
}

describe('the imports of this project', () => {
  test('break no rule', async () => {
    const { roots, scripts } = await startingPoints();
    const graph = await readImports(ROOT, ['src', ...roots.filter((file) => !file.startsWith('src/'))]);
    expect([...graph.keys()].filter((file) => file.startsWith('src/')).length).toBeGreaterThan(40);
    expect(graph.get('src/wire/codecs.ts')).toEqual(
      expect.arrayContaining(['node:zlib', 'src/wire/frame.ts']),
    );
    expect(graph.get('src/commands/server/inspect.ts')).toContain('src/tools/verify.ts');
    expect(roots.length).toBeGreaterThan(scripts.length + 1);
    expect(brokenRules(graph, roots)).toEqual([]);
  });

  test('name only packages that are installed with it', async () => {
    const { dependencies, optionalDependencies, peerDependencies } = await readPackage();
    const installed = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
    const graph = await readImports(ROOT, ['src', 'server_main.ts', 'client_main.ts']);
    const packages = [...graph.values()]
      .flat()
      .filter((name) => !name.endsWith('.ts') && !/^(node:|src\/)/.test(name));
    expect(packages).toContain('pino');
    expect(
      packages.filter((name) => !installed.some((known) => name === known || name.startsWith(`${known}/`))),
    ).toEqual([]);
  });
});

describe('a rule is broken by', () => {
  const SOUND: Record<string, string[]> = {
    'server_main.ts': ['src/config/load.ts', 'src/receiver/receiver.ts', 'src/tools/verify.ts', 'node:net'],
    'client_main.ts': ['src/config/load.ts', 'src/shipper/shipper.ts'],
    'src/receiver/receiver.ts': ['src/receiver/session.ts', 'src/archive/archive.ts'],
    'src/receiver/session.ts': ['src/wire/frame.ts', 'src/base/time.ts', 'node:net'],
    'src/shipper/shipper.ts': [
      'src/shipper/sources/files.ts',
      'src/shipper/sources/pipe.ts',
      'src/wire/frame.ts',
    ],
    'src/shipper/sources/files.ts': ['src/base/time.ts'],
    'src/shipper/sources/pipe.ts': ['src/entry.ts'],
    'src/tools/verify.ts': ['src/archive/archive.ts', 'src/config/load.ts'],
    'src/archive/archive.ts': ['src/wire/frame.ts', 'src/base/time.ts', 'src/entry.ts', 'node:fs'],
    'src/config/load.ts': ['smol-toml'],
    'src/wire/frame.ts': ['src/entry.ts', 'node:zlib', 'node:util', 'node:buffer'],
    'src/base/time.ts': [],
    'src/entry.ts': [],
  };
  const ROOTS = ['server_main.ts', 'client_main.ts'];

  /** What is wrong with the sound graph when these imports are added to it. */
  const with_ = (changes: Record<string, string[]>): string[] => {
    const graph = new Map(Object.entries(SOUND));
    for (const [file, imports] of Object.entries(changes))
      graph.set(file, [...(graph.get(file) ?? []), ...imports]);
    return brokenRules(graph, ROOTS);
  };

  test('nothing in a sound house', () => expect(with_({})).toEqual([]));

  test.each([
    ['an import uphill', 'src/archive/archive.ts', 'src/receiver/session.ts', 'a layer that is not below it'],
    [
      'an import of a neighbour',
      'src/archive/archive.ts',
      'src/config/load.ts',
      'a layer that is not below it',
    ],
    [
      'a receiver that imports the shipper',
      'src/receiver/session.ts',
      'src/shipper/sources/pipe.ts',
      'a layer that is not below it',
    ],
    [
      'a shipper that imports the receiver',
      'src/shipper/sources/files.ts',
      'src/receiver/session.ts',
      'a layer that is not below it',
    ],
    [
      'a receiver that imports a program',
      'src/receiver/session.ts',
      'client_main.ts',
      'a layer that is not below it',
    ],
    [
      'a receiver that imports a tool',
      'src/receiver/session.ts',
      'src/tools/verify.ts',
      'a layer that is not below it',
    ],
    [
      'a tool that imports a command',
      'src/tools/verify.ts',
      'src/commands/server/inspect.ts',
      'a layer that is not below it',
    ],
    [
      'a source that imports another',
      'src/shipper/sources/files.ts',
      'src/shipper/sources/pipe.ts',
      'another source',
    ],
    [
      'a receiver that imports the configuration',
      'src/receiver/session.ts',
      'src/config/load.ts',
      'entry points alone',
    ],
    ['base that imports the wire', 'src/base/time.ts', 'src/wire/frame.ts', 'knows nothing of logs'],
    ['base that imports entries', 'src/base/time.ts', 'src/entry.ts', 'knows nothing of logs'],
    ['a wire that imports base', 'src/wire/frame.ts', 'src/base/time.ts', 'bytes only'],
    ['a wire with a socket', 'src/wire/frame.ts', 'node:net', 'bytes only'],
    ['a wire with a file', 'src/wire/frame.ts', 'node:fs/promises', 'bytes only'],
    ['a wire with a logger', 'src/wire/frame.ts', 'pino', 'bytes only'],
    ['a file that is not there', 'src/receiver/session.ts', 'src/receiver/gone.ts', 'no such file'],
    ['a folder nobody knows', 'src/receiver/session.ts', 'src/utils/all.ts', 'in no layer'],
    ['a file that imports itself', 'src/base/time.ts', 'src/base/time.ts', 'a cycle'],
  ])('%s', (_, from, to, problem) => {
    expect(with_({ [from]: [to] })).toContainEqual(expect.stringContaining(problem));
  });

  test('a cycle, which is shown', () => {
    const problems = with_({
      'src/receiver/session.ts': ['src/receiver/limits.ts'],
      'src/receiver/limits.ts': ['src/receiver/receiver.ts'],
    });
    expect(problems).toEqual([
      'src/receiver/receiver.ts → src/receiver/session.ts → src/receiver/limits.ts → src/receiver/receiver.ts: a cycle',
    ]);
  });

  test('files that no program reaches, also when they import each other', () => {
    expect(with_({ 'src/receiver/old.ts': ['src/receiver/older.ts'], 'src/receiver/older.ts': [] })).toEqual([
      'src/receiver/old.ts: nothing imports it',
      'src/receiver/older.ts: nothing imports it',
    ]);
  });
});

test('every way to import is seen', () => {
  const text = `
    import a from './a.ts';
    import type { B } from '../b.ts';
    import './c.ts';
    export * from './d/d.ts';
    export { e } from "./e.ts";
    const f = await import('./f.ts');
    const g = new Worker(new URL('./g.ts', import.meta.url));
    // import './comment.ts';
    import { open } from 'node:fs';
  `;
  const expected = [
    'src/x/a.ts',
    'src/b.ts',
    'src/x/c.ts',
    'src/x/d/d.ts',
    'src/x/e.ts',
    'src/x/f.ts',
    'src/x/g.ts',
    'node:fs',
  ];
  expect(new Set(importsIn('src/x/y.ts', text))).toEqual(new Set(expected));
});

test.each([
  ['src/wire/frame.ts', 'wire'],
  ['src/shipper/sources/files.ts', 'shipper'],
  ['src/entry.ts', 'entry'],
  ['server_main.ts', 'entry point'],
  ['scripts/demo.ts', 'entry point'],
])('%s is of %s', (file, part) => {
  expect(partOf(file)).toBe(part);
});
