import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { lockFolder } from '../../src/base/folder_lock.ts';
import { keepLetter, leftLines, linesOf, retryHere, textOf } from '../helpers/dead_letters.ts';
import { fakeReceiver } from '../helpers/fake_receiver.ts';
import { ReceiverProgram, runClient, runServer, startShipper, type Ended } from '../helpers/programs.ts';
import { quietPort } from '../helpers/quiet_port.ts';
import { archivedLines } from '../helpers/receivers.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const ID = 'host:app';
const LIMITED = { MAX_ENTRY_BYTES: '400' };
const LETTER = join('dead-letter', 'host+app', '7-9.ndjson');

/** Numbered entries, one of about 70 bytes or a long one. */
const entries = (count: number, isLong: (n: number) => boolean = () => false): string[] =>
  Array.from({ length: count }, (_, index) => {
    const n = index + 1;
    return `{"n":${n},"filler":"${'x'.repeat(isLong(n) ? 600 : 50)}"}`;
  });

const settings = (port: number, state: string): Record<string, string> => ({
  SERVER_HOST: '127.0.0.1',
  SERVER_PORT: String(port),
  STATE_DIR: state,
  RECONNECT_MAX_DELAY: '0.1',
});

const retry = (port: number, state: string, ...args: string[]): Promise<Ended> =>
  runClient(['dead-letter', 'retry', ...args], settings(port, state));

/** Ends the receiver, and holds its archive against these lines, whatever their order: each is there once. */
async function expectArchived(
  receiver: ReceiverProgram,
  data: string,
  lines: readonly string[],
): Promise<void> {
  receiver.kill('SIGTERM');
  expect(await receiver.ended()).toMatchObject({ code: 0 });
  const { code, stdout } = await runServer(['verify', data]);
  expect(stdout).toContain('clean');
  expect(code).toBe(0);
  const { bytes } = await runServer(['cat', data]);
  expect(linesOf(bytes.toString('utf8')).sort()).toEqual([...lines].sort());
}

test('what a receiver rejected is rejected again until it takes more, and then shipped, once', async () => {
  await using folder = await temporaryFolder();
  const [data, state, file] = [folder.in('data'), folder.in('state'), folder.in('in.jsonl')];
  const lines = entries(300, (n) => n % 100 === 50);
  await writeFile(file, textOf(lines));
  {
    await using receiver = await ReceiverProgram.start(data, { env: LIMITED });
    const small = { STATE_DIR: state, BATCH_MAX_BYTES: '4KiB', SHIPPER_ID: ID };
    await using shipper = startShipper(receiver.port, ['send', file], small);
    expect(await shipper.ended()).toMatchObject({ code: 1 });
    const { code, stdout } = await retry(receiver.port, state);
    expect(code).toBe(1);
    expect(stdout.match(/\d+-\d+\.ndjson: rejected again: entry_too_large: line \d+ of/g)).toHaveLength(3);
    expect(stdout).toContain('shipped again: 0, remaining: 3\n');
    receiver.kill('SIGTERM');
    await receiver.ended();
  }
  await using receiver = await ReceiverProgram.start(data);
  const { code, stdout } = await retry(receiver.port, state);
  expect(code).toBe(0);
  expect(stdout).toMatch(/retried: \d+ entries acknowledged, as host:app:dead-letter:\d+-\d+\n/);
  expect(stdout).toContain('shipped again: 3, remaining: 0\n');
  expect(await readdir(join(state, 'dead-letter', 'host+app'))).toEqual([]);
  expect(await retry(receiver.port, state)).toMatchObject({ code: 0, stdout: 'no dead letters\n' });
  await expectArchived(receiver, data, lines);
});

test('a smaller BATCH_MAX_BYTES parts the entries a receiver takes from those it does not', async () => {
  await using folder = await temporaryFolder();
  const [data, state] = [folder.in('data'), folder.in('state')];
  const lines = entries(100, (n) => n === 50);
  await keepLetter(state, ID, 9, lines);
  await using receiver = await ReceiverProgram.start(data, { env: LIMITED });
  const { code, stdout } = await retry(receiver.port, state, '--batch-max-bytes', '1KiB');
  expect(code).toBe(1);
  expect(stdout).toMatch(/7-9\.ndjson: longer than a batch may be: divided into \d+\n/);
  expect(stdout).toMatch(/shipped again: \d, remaining: 1\n/);
  const left = await leftLines(state);
  expect(left).toContain(lines[49]);
  expect(left.length).toBeLessThan(20);
  await expectArchived(
    receiver,
    data,
    lines.filter((line) => !left.includes(line)),
  );
});

const KILLER = pathToFileURL(join(import.meta.dirname, '../helpers/kill_at.ts')).href;

/** A letter that is taken, and one that is divided into a part that is taken and one that is not. */
async function keepTwoLetters(state: string, id: string): Promise<string[]> {
  const lettersOf = [entries(3), entries(15, (n) => n === 15)];
  const letters = lettersOf.map((lines) => lines.map((line) => line.replace('{', `{"of":"${id}",`)));
  for (const [index, lines] of letters.entries()) await keepLetter(state, id, index + 1, lines);
  return letters.flat();
}

test('kill -9 of the receiver: the retry waits for the next one, nothing is lost or twice', async () => {
  await using folder = await temporaryFolder();
  const [data, state] = [folder.in('data'), folder.in('state')];
  const lines = entries(300);
  for (const [index, line] of lines.entries()) await keepLetter(state, ID, index + 1, [line]);
  await using first = await ReceiverProgram.start(data, { port: await quietPort() });
  await using shipping = startShipper(first.port, ['dead-letter', 'retry'], { STATE_DIR: state });
  await first.hasWritten(data, 0);
  first.kill('SIGKILL');
  await first.ended();
  expect(shipping.child.exitCode).toBeNull();
  await using second = await ReceiverProgram.start(data, { port: first.port });
  const { code, stdout } = await shipping.ended();
  expect(code).toBe(0);
  expect(stdout).toContain('shipped again: 300, remaining: 0\n');
  await expectArchived(second, data, lines);
});

test('letters are chosen by path and shipper; --dry-run sends none of them', async () => {
  await using folder = await temporaryFolder();
  const [data, state] = [folder.in('data'), folder.in('state')];
  const [first = '', second = '', third = ''] = entries(3);
  await keepLetter(state, ID, 9, [first]);
  await keepLetter(state, ID, 10, [second]);
  await keepLetter(state, 'other', 9, [third]);
  await using receiver = await ReceiverProgram.start(data);
  const path = join(state, LETTER);
  const told = `${path}: would be sent: 1 entries, ${first.length + 1} bytes, as host:app:dead-letter:7-9\n`;
  expect(await retry(receiver.port, state, '--dry-run', path)).toMatchObject({ code: 0, stdout: told });
  expect(await retry(receiver.port, state, folder.in('in.jsonl'))).toMatchObject({
    code: 1,
    stderr: `error: ${folder.in('in.jsonl')} is not a dead letter in ${join(state, 'dead-letter')}\n`,
  });
  expect(await retry(receiver.port, state, '--shipper', 'nobody')).toMatchObject({
    code: 0,
    stdout: 'no dead letters\n',
  });
  expect(await leftLines(state)).toHaveLength(3);
  expect(await retry(receiver.port, state, path)).toMatchObject({ code: 0 });
  expect(await leftLines(state)).toEqual([second, third]);
  expect(await retry(receiver.port, state, '--shipper', 'other')).toMatchObject({ code: 0 });
  expect(await leftLines(state)).toEqual([second]);
  await expectArchived(receiver, data, [first, third]);
});

test('a receiver that wants a token gets the one that was given; without it the letters stay', async () => {
  await using folder = await temporaryFolder();
  const [data, state] = [folder.in('data'), folder.in('state')];
  const lines = entries(2);
  await keepLetter(state, ID, 9, lines);
  await using receiver = await ReceiverProgram.start(data, { env: { AUTH_TOKENS: 'open-sesame' } });
  const { code, stdout } = await retry(receiver.port, state);
  expect(code).toBe(1);
  expect(stdout).toContain('failed: the receiver wants a token');
  expect(await retry(receiver.port, state, '--auth-token', 'open-sesame')).toMatchObject({ code: 0 });
  await expectArchived(receiver, data, lines);
});

test('a receiver that does not acknowledge gets nothing, and the letters stay', async () => {
  await using folder = await temporaryFolder();
  await keepLetter(folder.path, ID, 9, entries(2));
  await using receiver = await fakeReceiver();
  const { code, stderr } = await retry(receiver.port, folder.path, '--hello-timeout', '0.1');
  expect(code).toBe(1);
  expect(stderr).toContain('error: the receiver took 5 connections and answered no HELLO');
  const frames = receiver.connections.flatMap((connection) => connection.frames.map(({ type }) => type));
  expect(new Set(frames)).toEqual(new Set(['HELLO']));
  expect(await leftLines(folder.path)).toHaveLength(2);
});

test('two retries do not work on the same letters', async () => {
  await using folder = await temporaryFolder();
  await keepLetter(folder.path, ID, 9, entries(2));
  await mkdir(folder.in('dead-letter', '.retry'));
  const unlock = await lockFolder(folder.in('dead-letter', '.retry'));
  const { code, stderr } = await retry(1, folder.path);
  expect(code).toBe(1);
  expect(stderr).toContain('error: another process is shipping the dead letters in');
  await unlock?.();
});

test('SIGTERM ends a retry that finds no receiver; the letters stay', async () => {
  await using folder = await temporaryFolder();
  await keepLetter(folder.path, ID, 9, entries(2));
  await using shipping = startShipper(1, ['dead-letter', 'retry'], { STATE_DIR: folder.path });
  await until('it tries to connect', () => shipping.log.some(({ msg }) => msg.startsWith('no connection')));
  shipping.kill('SIGTERM');
  const { code, stdout } = await shipping.ended();
  expect(code).toBe(1);
  expect(stdout).toBe('shipped again: 0, remaining: 1; stopped\n');
  expect(await leftLines(folder.path)).toHaveLength(2);
});

test('kill -9 of a retry behind each single step on disk and network: the next one ends it, nothing lost or twice', async () => {
  await using folder = await temporaryFolder();
  const [data, all, states]: [string, string[], string[]] = [folder.in('data'), [], []];
  let kills = 0;
  {
    await using receiver = await ReceiverProgram.start(data, { env: LIMITED });
    /** True where it was alive until then. */
    const killAt = async (step: number): Promise<boolean> => {
      const [id, state] = [`s${step}`, folder.in(`state-${step}`)];
      const lines = await keepTwoLetters(state, id);
      const killed = await runClient(['dead-letter', 'retry', '--batch-max-bytes', '1KiB'], {
        ...settings(receiver.port, state),
        NODE_OPTIONS: `--import=${KILLER}`,
        KILL_AT: String(step),
      });
      const { exitCode, told } = await retryHere(receiver.port, { stateFolder: state }, { maxBytes: 1024 });
      const what = [`killed at step ${step}`, killed.stdout, killed.stderr, ...told].join('\n');
      expect(exitCode, what).toBe(1);
      const stored = (await archivedLines(data)).filter((line) => line.startsWith(`{"of":"${id}",`));
      expect([...stored, ...(await leftLines(state))].sort(), what).toEqual([...lines].sort());
      all.push(...lines);
      states.push(state);
      return killed.signal === 'SIGKILL';
    };
    for (let wasAlive = [true]; wasAlive.every(Boolean); kills += wasAlive.filter(Boolean).length)
      wasAlive = await Promise.all([1, 2, 3].map((more) => killAt(kills + more)));
    receiver.kill('SIGTERM');
    await receiver.ended();
  }
  expect(kills).toBeGreaterThan(50);
  await using receiver = await ReceiverProgram.start(data);
  for (const stateFolder of states)
    expect(await retryHere(receiver.port, { stateFolder })).toMatchObject({ exitCode: 0 });
  await expectArchived(receiver, data, all);
}, 300_000);
