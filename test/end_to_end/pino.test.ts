/** Real applications that log, and what the archive holds when they have ended, by whatever way. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Receiver } from '../../src/receiver/receiver.ts';
import { fakeReceiver } from '../helpers/fake_receiver.ts';
import { archivedNumbers, startLoggingApp } from '../helpers/logging_apps.ts';
import { quietPort } from '../helpers/quiet_port.ts';
import { testReceiver, verdictOn } from '../helpers/receivers.ts';
import { range } from '../helpers/spools.ts';
import { temporaryFolder, type TemporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

/** What an application may wait at its end: a busy machine is no reason to lose a line. */
const PATIENT = { exitTimeout: 60, shutdownTimeout: 60, helloTimeout: 60, reconnectMaxDelay: 0.2 };

let folder: TemporaryFolder;
let receiver: Receiver;
let runs = 0;

beforeAll(async () => {
  folder = await temporaryFolder();
  receiver = await testReceiver(folder.in('data'));
});
afterAll(async () => {
  await receiver[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

/** A number of its own for each run, so that all share a receiver. */
const newRun = (): number => (runs += 1);

describe.each(['stream', 'transport'] as const)('an application that logs by %s', (way) => {
  test.each([
    ['process.exit', 'exit 3', 3],
    ['an uncaught exception', 'throw', 1],
    ['nothing left to do', 'leave', 0],
  ])('and ends with %s: all it logged is archived', async (_, order, code) => {
    const run = newRun();
    const options = { ...PATIENT, port: receiver.port, stateDir: folder.in('state') };
    await using app = await startLoggingApp(way, options, run);
    // pino gives its thread ten seconds at the end: on a busy machine that is not to be the start of the one that ships.
    await app.order('log 1');
    await app.order('flush');
    app.process.stdin.write('log 1000\n');
    expect(await app.end(order)).toBe(code);
    expect(await archivedNumbers(folder.in('data'), run)).toEqual(range(1, 1001));
  });
});

test('an application that closes at SIGTERM: all it logged is archived, and it ends', async () => {
  const run = newRun();
  await using app = await startLoggingApp('library', { ...PATIENT, port: receiver.port }, run);
  await app.order('log 1000');
  app.process.kill('SIGTERM');
  expect(await app.process.exited).toBe(0);
  expect(await archivedNumbers(folder.in('data'), run)).toEqual(range(1, 1000));
});

test('an application that does not wait for its close before process.exit: all it logged is archived', async () => {
  const run = newRun();
  await using app = await startLoggingApp('library', { ...PATIENT, port: receiver.port }, run);
  app.process.stdin.write('log 1000\n');
  expect(await app.end('closing 3')).toBe(3);
  expect(await archivedNumbers(folder.in('data'), run)).toEqual(range(1, 1000));
});

/** More with LOGGING_APP_KILLS. */
const KILLS = Number(process.env.LOGGING_APP_KILLS ?? 4);

test(`an application with a spool, killed with -9 ${KILLS} times around restarts of its receiver: every line it logged is there once`, async () => {
  await using own = await temporaryFolder();
  const [data, port] = [own.in('data'), await quietPort()];
  const options = { ...PATIENT, port, spoolDir: own.in('spool'), batchInterval: 0.01 };
  const logged: number[] = [];
  let running: Receiver | undefined = await testReceiver(data, { port });
  for (const kill of range(1, KILLS)) {
    await using app = await startLoggingApp('stream', options, kill);
    app.process.stdin.write('on\n');
    await until('it logs', () => app.lastLogged() > 200);
    if (kill % 2 === 1) {
      await running?.[Symbol.asyncDispose]();
      running = undefined;
    }
    const before = app.lastLogged();
    await until('it logs on, whatever its receiver does', () => app.lastLogged() > before + 200);
    if (kill % 4 !== 1) running ??= await testReceiver(data, { port });
    app.process.kill('SIGKILL');
    await app.process.exited;
    logged.push(app.lastLogged());
  }
  running ??= await testReceiver(data, { port });
  await using last = await startLoggingApp('stream', options, KILLS + 1);
  await last.order('log 10');
  await last.order('flush');
  expect(await last.end('exit 0')).toBe(0);
  await running[Symbol.asyncDispose]();
  for (const [index, atLeast] of logged.entries()) {
    const numbers = await archivedNumbers(data, index + 1);
    expect(numbers).toEqual(range(1, numbers.length));
    expect(numbers.length).toBeGreaterThanOrEqual(atLeast);
  }
  expect(await archivedNumbers(data, KILLS + 1)).toEqual(range(1, 10));
  expect((await verdictOn(data)).report).toContain('clean');
});

test('an application whose receiver is down at its start, and goes away and comes back: no line is lost, the first after it neither', async () => {
  await using own = await temporaryFolder();
  const [data, port] = [own.in('data'), await quietPort()];
  await using app = await startLoggingApp('library', { ...PATIENT, port, batchInterval: 0.01 });
  await app.order('log 500');
  await until('it says that there is no receiver', () => app.problems().length > 0);
  for (const round of range(1, 3)) {
    await using up = await testReceiver(data, { port });
    await app.order('flush');
    expect(await archivedNumbers(data)).toEqual(range(1, 500 + (round - 1) * 100));
    await up[Symbol.asyncDispose]();
    await app.order('log 100');
  }
  const last = await testReceiver(data, { port });
  expect(await app.order('flush')).toMatchObject({ logged: 800, acknowledged: 800, dropped: 0, rejected: 0 });
  expect(await archivedNumbers(data)).toEqual(range(1, 800));
  await last[Symbol.asyncDispose]();
});

test('an application whose receiver sends rubbish goes on, and is told', async () => {
  await using rubbish = await fakeReceiver();
  await using app = await startLoggingApp('library', { ...PATIENT, port: rubbish.port, exitTimeout: 0 });
  await app.order('log 100');
  for (const n of [1, 2, 3]) (await rubbish.connection(n)).socket.write(Buffer.alloc(100_000, n * 40));
  await until('it is told', () => app.problems().length >= 3);
  expect(await app.order('log 100')).toMatchObject({ logged: 200, acknowledged: 0, dropped: 0 });
  expect(await app.end('exit 4')).toBe(4);
});

test.each(['', 'spool'])(
  'an application whose receiver never comes ends in time (spoolDir: %j)',
  async (spool) => {
    await using own = await temporaryFolder();
    const options = {
      port: await quietPort(),
      exitTimeout: 0.2,
      shutdownTimeout: 0.1,
      spoolDir: spool === '' ? '' : own.in(spool),
    };
    await using app = await startLoggingApp('library', options);
    await app.order('log 10');
    await app.order('flush');
    expect(app.process.stdout).toContain('within 0.1 s');
    const startedAt = performance.now();
    expect(await app.end('leave')).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  },
);
