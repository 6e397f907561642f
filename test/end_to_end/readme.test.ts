/** Every command the README shows is run here, or named below with the reason why not. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, readdir, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { linkPackages } from '../helpers/linked_packages.ts';
import { writeNumberedFile } from '../helpers/numbered_file.ts';
import { temporaryFolder, type TemporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const README = await readFile('README.md', 'utf8');

/** The command lines of the README's `sh` blocks, without their comments. */
const COMMANDS = [...README.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block = '']) =>
  block
    .split('\n')
    .map((line) => line.replace(/\s+# .*$/, '').trim())
    .filter((line) => line !== ''),
);

/** These would run this test, or need a container engine; their make targets are looked up instead. */
const isOnlyLookedUp = (command: string): boolean =>
  command === 'make test' ||
  /^(\w+=\w+ )?make (build|run|client|logs|stop|compose-test)$/.test(command) ||
  command.startsWith('docker compose');

const START = 'npm start';

/** These ask `npm start -- http`, which has a test of its own. */
const START_HTTP = 'npm start -- http';
const isAsked = (command: string): boolean => command.includes('curl ');

/** A checkout as far as commands can tell: the real files, and an empty place to write to. */
async function checkout(): Promise<TemporaryFolder> {
  const folder = await temporaryFolder();
  const names = (await readdir('.')).filter(
    (name) => !['.git', 'node_modules', 'data', 'logs', 'state', 'dist', '.env'].includes(name),
  );
  for (const name of names) await symlink(resolve(name), join(folder.path, name));
  await linkPackages(folder.path);
  return folder;
}

/** The beginning of what a command prints is enough to look at: `cat` prints all there is. */
const MAX_OUTPUT = 1_000_000;

interface Done {
  readonly code: number | null;
  readonly output: string;
}

/** What follows files ends when it is told to; here, when its first look is done. */
const isEndless = (command: string): boolean => command.includes(' tail ');

/** SIGTERM to the program that a shell, npm and tsx run: one signal, as from Ctrl-C once they have passed it on. */
async function endProgram(pid: number): Promise<void> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  const [child] = children.split(' ').filter((one) => one !== '');
  if (child === undefined) process.kill(pid, 'SIGTERM');
  else await endProgram(Number(child));
}

async function shell(command: string, cwd: string, env: Record<string, string>): Promise<Done> {
  const child = spawn('sh', ['-c', command], {
    cwd,
    env: { ...process.env, HELLO_TIMEOUT: '30', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (bytes: Buffer): void => {
    if (output.length < MAX_OUTPUT) output += bytes.toString();
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const closed = once(child, 'close');
  if (isEndless(command)) {
    await until(`${command} follows`, () => output.includes('following') || child.exitCode !== null, 30_000);
    if (child.exitCode === null && child.pid !== undefined) await endProgram(child.pid);
  }
  await closed;
  return { code: child.exitCode, output };
}

/** What the commands of the event store, by what stands behind `events`, print one after the other. */
function expectWalkThrough(outputs: ReadonlyMap<string, string>): void {
  const outputOf = (start: string): string =>
    [...outputs].find(([command]) => command.startsWith(start))?.[1] ?? '';
  expect(outputOf('append --type cart.opened')).toContain('{"position":1,');
  expect(outputOf('append --type cart.paid')).toContain('{"position":2,');
  expect(outputOf('read')).toMatch(
    /"type":"cart.opened",.*\n.*"type":"cart.paid".*"version":2,"payload":\{"cents": 990\}/,
  );
  expect(outputOf('state last_by_key')).toMatch(
    /"state":\{"cart-7":\{"position":1,[^{]*"payload":\{"user":"ada"\}\}\}/,
  );
  expect(outputOf('state log_dashboard')).toMatch(/"levels":\{"INFO":\d/);
  expect(outputOf('verify')).toMatch(/clean: none is missing, none was changed; \d{4,} events/);
}

describe('the README', () => {
  test('shows the two commands, a receiver and shippers', () => {
    expect(COMMANDS.slice(0, 2)).toEqual(['make demo', 'make test']);
    expect(COMMANDS).toContain(START);
    expect(COMMANDS.length).toBeGreaterThan(15);
  });

  test('names make targets and scripts that exist', async () => {
    const makefile = await readFile('Makefile', 'utf8');
    const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as {
      scripts: Record<string, string>;
    };
    for (const command of COMMANDS) {
      const target = /(?:^| )make ([\w-]+)/.exec(command)?.[1];
      if (target !== undefined) expect(makefile).toMatch(new RegExp(`^${target}:`, 'm'));
      const script = /npm (?:run )?(start|\w+)/.exec(command)?.[1];
      if (script !== undefined && script !== 'ci') expect(scripts).toHaveProperty(script);
    }
  });

  test('its demo verifies what it shipped', async () => {
    await using folder = await checkout();
    // With what is installed, however new the lock file is.
    const demo = 'make demo --old-file=node_modules/.package-lock.json';
    const { code, output } = await shell(demo, folder.path, { DEMO_SECONDS: '2', DEMO_RATE: '5000' });
    expect(output).toMatch(/\[METRIC\] Logs processed: \d+ logs\/sec/);
    expect(output).toContain('10000 entries acknowledged');
    expect(output).toContain('clean: every block checks out');
    expect(code).toBe(0);
  });

  test('its commands work as they are written, one after the other', async () => {
    await using folder = await checkout();
    await writeNumberedFile(folder.in('app.jsonl'), 500);
    await mkdir(folder.in('logs'));
    await writeNumberedFile(folder.in('logs', 'app.log'), 500);
    const server = spawn('node', ['server_main.ts'], {
      cwd: folder.path,
      env: { ...process.env, SERVER_PORT: '0' },
    });
    try {
      let log = '';
      server.stdout.on('data', (bytes: Buffer) => (log += bytes.toString()));
      await until('the receiver listens', () => log.includes('listening on'));
      const env = { SERVER_PORT: /"port":(\d+)/.exec(log)?.[1] ?? '', RUN_TIME: '0.5', LOG_RATE: '1000' };
      const rest = COMMANDS.filter(
        (command) =>
          ![START, START_HTTP, 'make demo'].includes(command) &&
          !isAsked(command) &&
          !isOnlyLookedUp(command),
      );
      expect(rest.length).toBeGreaterThan(7);
      const states = new Map<string, string>();
      for (const command of rest) {
        const { code, output } = await shell(command, folder.path, env);
        expect(code, `${command}\n${output}`).toBe(0);
        if (command.includes('npm run client') && !command.includes('--silent'))
          expect(output).toMatch(/done: \d+ entries (acknowledged|written to day\.jsonl)/);
        if (isEndless(command)) expect(output).toContain('following 1 file');
        if (command.includes('head')) expect(output).not.toBe('');
        if (command.includes('verify')) expect(output).toContain('clean');
        if (/cat/.test(command)) expect(output).toContain('{"');
        if (command.includes(' events ')) states.set(command.replace(/^.* events /, ''), output);
      }
      expectWalkThrough(states);
    } finally {
      server.kill('SIGKILL');
      await once(server, 'close');
    }
  }, 360_000);

  test('its questions to HTTP are answered as it says', async () => {
    await using folder = await checkout();
    expect(COMMANDS).toContain(START_HTTP);
    const server = spawn('node', ['server_main.ts', 'http'], {
      cwd: folder.path,
      env: { ...process.env, HTTP_PORT: '0' },
    });
    try {
      let log = '';
      server.stdout.on('data', (bytes: Buffer) => (log += bytes.toString()));
      await until('it listens', () => log.includes('HTTP on'));
      const address = `localhost:${/"httpPort":(\d+)/.exec(log)?.[1] ?? ''}`;
      const answers: string[] = [];
      for (const command of COMMANDS.filter(isAsked)) {
        expect(command).toContain('localhost:3000');
        const { code, output } = await shell(command.replace('localhost:3000', address), folder.path, {});
        expect(code, `${command}\n${output}`).toBe(0);
        expect(output.startsWith('{"error"'), output).toBe(false);
        answers.push(output);
      }
      expect(answers.filter((answer) => answer === '{"status":"ok","accepted":1}')).toHaveLength(3);
      expect(answers).toContainEqual(expect.stringMatching(/"event": "pay", .*"cents": 990.*"more":false/));
      expect(answers).toContainEqual(expect.stringContaining('"user_id":"bob"'));
      expect(answers).toContainEqual(expect.stringMatching(/"entries":3,"files":2/));
      expect(await readFile(folder.in('logs', 'user_ada', '19675.jsonl'), 'utf8')).toMatch(/^(.+\n){2}$/);
    } finally {
      server.kill('SIGKILL');
      await once(server, 'close');
    }
  });
});
