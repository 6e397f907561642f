/** Every command of docs/QUERY.md is run here, against an archive that a receiver writes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { writeArchive } from '../helpers/archives.ts';
import { elsewhere, here, partBlocks } from '../helpers/parted_archives.ts';
import { ReceiverProgram, runClient, runServer, startShipper } from '../helpers/programs.ts';
import { temporaryFolder, type TemporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const ALL_COMMANDS = [...(await readFile('docs/QUERY.md', 'utf8')).matchAll(/```sh\n(.*?)```/gs)].flatMap(
  ([, block = '']) =>
    block
      .split('\n')
      .map((line) => line.replace(/\s+# .*$/, '').trim())
      .filter((line) => line !== ''),
);

const isOfSeveral = (command: string): boolean => command.includes('worker-2');
const COMMANDS = ALL_COMMANDS.filter((command) => !isOfSeveral(command));
const isReplay = (command: string): boolean => command.includes('replay');
const isSql = (command: string): boolean => command.includes('--sql');
const isEndless = (command: string): boolean => command.includes('--follow');

const hasDuckDb = ((): boolean => {
  try {
    createRequire(import.meta.url).resolve('@duckdb/node-api');
    return true;
  } catch {
    process.stderr.write('SKIPPED: @duckdb/node-api is not installed, so no SQL was asked\n');
    return false;
  }
})();

interface Done {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command as a shell would, npm left out, with `data` for the folder of that name, and those of workers in it. */
async function run(command: string, data: string, env: Record<string, string> = {}): Promise<Done> {
  const line = command
    .replace('npm start --', 'exec node server_main.ts')
    .replace('npm run client --', 'exec node client_main.ts')
    .replace(' data', ` ${data}`)
    .replaceAll(' worker-', ` ${data}/worker-`);
  const child = spawn('sh', ['-c', line], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (bytes: Buffer) => (said.stdout += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (said.stderr += bytes.toString()));
  const closed = once(child, 'close');
  if (isEndless(command)) {
    await until(`${command} finds`, () => said.stdout !== '' || child.exitCode !== null, 30_000);
    child.kill('SIGINT');
  }
  await closed;
  return { code: child.exitCode, ...said };
}

const ENTRIES = [
  {
    time: '2026-01-31T12:00:30.000Z',
    level: 'error',
    service: 'payments',
    message: 'declined',
    user: { id: 42 },
  },
  {
    time: '2026-01-31T12:00:59.999Z',
    level: 'warn',
    service: 'payments',
    message: 'refused',
    tags: ['auth'],
  },
  {
    time: '2026-01-31T12:01:00.000Z',
    level: 'info',
    service: 'auth',
    user: { id: 42 },
    tags: ['auth', 'web'],
  },
  { time: new Date().toISOString(), level: 'error', service: 'auth', message: 'now', user_id: 7 },
];

/** A receiver that has these entries, and goes on. */
async function withEntries(folder: TemporaryFolder): Promise<ReceiverProgram> {
  const file = folder.in('app.jsonl');
  await writeFile(file, ENTRIES.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
  const receiver = await ReceiverProgram.start(folder.in('data'));
  await using shipper = startShipper(receiver.port, ['send', file]);
  expect(await shipper.ended()).toMatchObject({ code: 0 });
  return receiver;
}

const FOUND: readonly (readonly [beginning: string, found: readonly RegExp[]])[] = [
  ['--since 15m', [/"now"/]],
  ["--service 'pay*'", [/declined.*\n.*refused/]],
  ['--field user.id=42', [/INFO {2}auth/]],
  ['--since 2026-01-31T12:00:00Z', [/^time,level.*\r\n.*declined.*\r\n.*refused.*\r\n$/]],
  ['--level warn+', [/^3\n$/]],
  ['--level error --follow', [/declined/]],
];

describe('docs/QUERY.md', () => {
  test('its queries find what they say, while the receiver runs', async () => {
    await using folder = await temporaryFolder();
    await using receiver = await withEntries(folder);
    const data = folder.in('data');
    await until('the last is acknowledged to readers', async () => {
      const { stdout } = await run('npm start -- query data --count', data);
      return stdout === `${ENTRIES.length}\n`;
    });
    const queries = COMMANDS.filter((command) => !isReplay(command) && !isSql(command));
    expect(queries).toHaveLength(FOUND.length);
    for (const [index, command] of queries.entries()) {
      const [beginning = '', patterns = []] = FOUND[index] ?? [];
      expect(command).toContain(`query data ${beginning}`);
      const { code, stdout, stderr } = await run(command, data);
      expect({ code, stderr }, command).toEqual({ code: 0, stderr: '' });
      for (const pattern of patterns) expect(stdout, command).toMatch(pattern);
    }
    expect(receiver.child.exitCode).toBeNull();
  }, 60_000);

  test('its replays ship what they say', async () => {
    await using folder = await temporaryFolder();
    await using receiver = await withEntries(folder);
    receiver.kill('SIGTERM');
    await receiver.ended();
    await using other = await ReceiverProgram.start(folder.in('other'));
    const env = { SERVER_HOST: '127.0.0.1', SERVER_PORT: String(other.port), STATE_DIR: folder.in('state') };
    const replays = COMMANDS.filter(isReplay);
    expect(replays).toHaveLength(3);
    for (const [index, acknowledged] of [4, 0, 2].entries()) {
      const { code, stderr } = await run(replays[index] ?? '', folder.in('data'), env);
      expect(code, stderr).toBe(0);
      expect(stderr).toContain(`done: ${acknowledged} entries acknowledged`);
    }
    const again = await runClient(['replay', folder.in('data')], { ...env, SHIPPER_ID: 'again' });
    expect(again.stderr).toContain('done: 4 entries acknowledged');
  }, 60_000);

  test('its commands on several archives take them as one', async () => {
    await using folder = await temporaryFolder();
    await using receiver = await ReceiverProgram.start(folder.in('other'));
    const data = folder.in('data');
    const level = { text: '{"level":"error"}\n' };
    const parted = [
      [here(1, 2), elsewhere(3, 5), here(6, 6)],
      [elsewhere(1, 2), here(3, 5)],
    ];
    for (const [index, parts] of parted.entries())
      await writeArchive(`${data}/worker-${index + 1}`, await partBlocks('web-1', parts, level));
    const env = {
      SERVER_HOST: '127.0.0.1',
      SERVER_PORT: String(receiver.port),
      STATE_DIR: folder.in('state'),
    };
    const commands = ALL_COMMANDS.filter(isOfSeveral);
    const [count, cat, verify, replay, again] = await Promise.all(
      commands.map((command) => run(command, data, env)),
    ).then(async (done) => [...done, await run(commands.at(-1) ?? '', data, env)]);
    expect(count).toEqual({ code: 0, stdout: '6\n', stderr: '' });
    expect(cat).toEqual({ code: 0, stdout: level.text.repeat(6), stderr: '' });
    expect(verify?.code).toBe(0);
    expect(verify?.stdout).toContain('together: 2 segments, 8 blocks, 6 entries');
    expect(replay?.stderr).toContain('done: 6 entries acknowledged');
    expect(again?.stderr).toContain('done: 0 entries acknowledged');
    const twice = await runServer(['verify', `${data}/worker-1`, `${data}/worker-1/.`]);
    expect(twice).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('are the same folder') as string,
    });
  }, 60_000);

  test('without DuckDB its SQL says how to have it', async () => {
    await using folder = await temporaryFolder();
    const command = COMMANDS.find(isSql) ?? '';
    const { code, stderr } = await run(command, folder.path, { NODE_PATH: '' });
    if (code === 0) return;
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr:
        'error: --sql needs the package @duckdb/node-api, which is not installed: npm install @duckdb/node-api\n',
    });
  });

  test.skipIf(!hasDuckDb)(
    'with DuckDB its SQL is answered',
    async () => {
      await using folder = await temporaryFolder();
      await using receiver = await withEntries(folder);
      receiver.kill('SIGTERM');
      await receiver.ended();
      const [levels, users] = await Promise.all(
        COMMANDS.filter(isSql).map((command) => run(command, folder.in('data'))),
      );
      const rows = (levels?.stdout ?? '').trim().split('\n').sort();
      expect(rows).toEqual([
        '{"level":"ERROR","count_star()":2}',
        '{"level":"INFO","count_star()":1}',
        '{"level":"WARN","count_star()":1}',
      ]);
      expect(users?.stdout).toBe('{"who":"7","count_star()":1}\n');
    },
    60_000,
  );
});
