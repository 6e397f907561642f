/** What `npm run build` makes, and the package as somebody else gets it: packed, installed, imported. */
import { execFile, spawn } from 'node:child_process';
import { cp, mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { linkPackages } from '../helpers/linked_packages.ts';
import { archivedLines, testReceiver } from '../helpers/receivers.ts';
import { temporaryFolder, type TemporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const run = promisify(execFile);
const TSC = resolve('node_modules/typescript/bin/tsc');

interface Package {
  readonly files: readonly string[];
  readonly peerDependencies: Readonly<Record<string, string>>;
}

/** The package as a folder: what npm would pack, with a `dist` that was made for it. */
let root: TemporaryFolder;
let packed: Package;

beforeAll(async () => {
  root = await temporaryFolder();
  packed = JSON.parse(await readFile('package.json', 'utf8')) as Package;
  // Whether the types are right is the affair of `npm run check`.
  const unchecked = ['--noCheck', '--noEmitOnError', 'false'];
  await build(root.in('package', 'dist'), ...unchecked);
  for (const name of ['package.json', ...packed.files.filter((file) => file !== 'dist')])
    await cp(name, root.in('package', name), { recursive: true });
});
afterAll(() => root[Symbol.asyncDispose]());

test('the build ships and verifies with the compiled programs alone', async () => {
  await using folder = await temporaryFolder();
  await linkPackages(root.in('package'));
  const server = spawn(process.execPath, [
    root.in('package', 'dist', 'server_main.js'),
    ...['--server-host', '127.0.0.1', '--server-port', '0', '--data-dir', folder.path],
  ]);
  try {
    let log = '';
    server.stdout.on('data', (bytes: Buffer) => (log += bytes.toString()));
    await until('the receiver listens', () => log.includes('listening on'));
    const port = /"port":(\d+)/.exec(log)?.[1] ?? '';
    await run(process.execPath, [
      ...[root.in('package', 'dist', 'client_main.js'), 'generate', '--server-host', '127.0.0.1'],
      ...['--server-port', port, '--run-time', '0.2', '--log-rate', '1000', '--hello-timeout', '30'],
    ]);
    const { stdout } = await run(process.execPath, [
      ...[root.in('package', 'dist', 'server_main.js'), 'verify', folder.path],
    ]);
    expect(stdout).toMatch(/200 entries[\s\S]*clean/);
  } finally {
    server.kill('SIGKILL');
  }
});

const build = (out: string, ...args: string[]) =>
  run(process.execPath, ['scripts/build.ts', '--outDir', out, ...args]);

test.each([
  ['a project', ['package.json', 'src']],
  ['sources alone', ['src']],
  ['a build with something beside it', ['server_main.js', 'notes.txt']],
])('%s is not built over', async (_, names) => {
  await using folder = await temporaryFolder();
  for (const name of names) await writeFile(folder.in(name), 'mine');
  await expect(build(folder.path)).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('holds something else than a build') as string,
  });
  expect(await readdir(folder.path)).toEqual(names.toSorted());
});

test('a build that fails leaves the one before as it was, and nothing beside it', async () => {
  await using folder = await temporaryFolder();
  await mkdir(folder.in('dist'));
  await writeFile(folder.in('dist', 'server_main.js'), 'the one before');
  await expect(build(folder.in('dist'), '--target', 'none')).rejects.toMatchObject({ code: 1 });
  expect(await readdir(folder.path)).toEqual(['dist']);
  expect(await readFile(folder.in('dist', 'server_main.js'), 'utf8')).toBe('the one before');
});

describe('the package, installed into an empty project from its tarball', () => {
  beforeAll(async () => {
    await mkdir(root.in('app'));
    await writeFile(root.in('app', 'package.json'), '{"name":"app","private":true,"type":"module"}');
    await npm(root.in('package'), ['pack', '--ignore-scripts', '--pack-destination', root.path]);
    const tarball = (await readdir(root.path)).find((name) => name.endsWith('.tgz')) ?? '';
    const quietly = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
    await npm(root.in('app'), ['install', ...quietly, join('..', tarball)]);
  });

  test('brings no client of a service with it', async () => {
    const optional = Object.keys(packed.peerDependencies);
    expect(optional).toContain('redis');
    const installed = await readdir(root.in('app', 'node_modules'));
    expect(installed).toContain('logferry');
    expect(installed).toContain('pino');
    expect(optional.filter((name) => installed.includes(name.split('/')[0] ?? ''))).toEqual([]);
  });

  test('says which package to install for what needs one', async () => {
    const program = root.in('app', 'node_modules', 'logferry', 'dist', 'server_main.js');
    const asked = run(process.execPath, [program, 'drain'], { cwd: root.in('app') });
    await expect(asked).rejects.toMatchObject({
      code: 1,
      stderr: 'error: drain needs the package redis, which is not installed: npm install redis@^6.3.1\n',
    });
  });

  test('is understood by TypeScript at its strictest, its own types too', async () => {
    await mkdir(root.in('app', 'node_modules', '@types'));
    for (const name of ['@types/node', 'undici-types'])
      await symlink(resolve('node_modules', name), root.in('app', 'node_modules', name));
    await writeFile(root.in('app', 'use.ts'), CONSUMER);
    await run(process.execPath, [TSC, '--ignoreConfig', ...STRICT, 'use.ts'], { cwd: root.in('app') });
  });

  test('ships as docs/LIBRARY.md and docs/PINO.md show, word for word but for the port', async () => {
    await using folder = await temporaryFolder();
    await using receiver = await testReceiver(folder.path);
    const programs = [...(await shown('docs/LIBRARY.md')), ...(await shown('docs/PINO.md'))];
    expect(programs).toHaveLength(5);
    const patient = `port: ${receiver.port}, exitTimeout: 60, shutdownTimeout: 60, helloTimeout: 60`;
    await Promise.all(
      programs.map(async (program, index) => {
        const name = `app${index}.js`;
        await writeFile(
          root.in('app', name),
          program
            .replace('port: 5000', patient)
            .replace("{ spoolDir: 'spool'", `{ ${patient}, spoolDir: 'spool2'`),
        );
        await run(process.execPath, [name], { cwd: root.in('app') });
      }),
    );
    await receiver[Symbol.asyncDispose]();
    const lines = (await archivedLines(folder.path)).map((line) => JSON.parse(line) as { msg: string });
    expect(lines.map(({ msg }) => msg).sort()).toEqual([
      'is archived once, even if the process is killed with -9 now',
      'order paid',
      'order paid',
      'order paid',
      'told to end',
    ]);
  });
});

/** The programs that a page shows. */
const shown = async (page: string): Promise<string[]> =>
  [...(await readFile(page, 'utf8')).matchAll(/```js\n(.*?)```/gs)].map(([, block = '']) => block);

const npm = (cwd: string, args: readonly string[]) => run('npm', args, { cwd });

const STRICT = [
  ...['--module', 'nodenext', '--target', 'esnext', '--types', 'node', '--noEmit'],
  ...['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess'],
];

const CONSUMER = `
import { ConfigError, createShipper, type Shipper, type ShipperOptions } from 'logferry';
import { pinoStream } from 'logferry/pino';
import { pino } from 'pino';
const options: ShipperOptions = { host: '127.0.0.1', batchSize: 10, compressionAlgorithm: 'zstd', spoolMaxBytes: '64MiB' };
const shipper: Shipper = createShipper({ ...options, onProblem: ({ code, message }) => console.log(code, message) });
shipper.log({ hello: 'world' });
pino(pinoStream(options)).info(ConfigError.name);
// @ts-expect-error -- a name that is none
createShipper({ batchSise: 1 });
// @ts-expect-error -- a value that is none
createShipper({ compressionAlgorithm: 'lzma' });
`;
