import * as childProcess from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createShipper, type ShipperOptions, type ShipperProblem } from '../../src/library/create_shipper.ts';
import { quietPort } from '../helpers/quiet_port.ts';
import { archivedLines, testReceiver, verdictOn } from '../helpers/receivers.ts';
import { range } from '../helpers/spools.ts';
import { temporaryFolder, type TemporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const execFile = promisify(childProcess.execFile);

let folder: TemporaryFolder;
let problems: ShipperProblem[];

beforeEach(async () => {
  folder = await temporaryFolder();
  problems = [];
});
afterEach(() => folder[Symbol.asyncDispose]());

/** A shipper to this port that is patient with a busy machine. */
const shipperTo = (port: number, options: ShipperOptions = {}) =>
  createShipper({
    port,
    helloTimeout: 60,
    shutdownTimeout: 60,
    reconnectMaxDelay: 0.1,
    onProblem: (problem) => problems.push(problem),
    ...options,
  });

const numbers = async (): Promise<number[]> =>
  (await archivedLines(folder.in('data'))).map((line) => (JSON.parse(line) as { n: number }).n);

describe('what is logged', () => {
  test('is archived as it is: objects as JSON, lines as their bytes', async () => {
    await using receiver = await testReceiver(folder.in('data'));
    await using shipper = shipperTo(receiver.port);
    shipper.log({ n: 1, text: 'ä' });
    shipper.write('{"n": 2 }');
    shipper.write('{"n":3}\n{"n":4}\n');
    shipper.write(Buffer.from('{"n":5}'));
    shipper.write('');
    shipper.write('\n');
    shipper.write('words');
    await shipper.close();
    const lines = ['{"n":1,"text":"ä"}', '{"n": 2 }', '{"n":3}', '{"n":4}', '{"n":5}', '{"message":"words"}'];
    expect(await archivedLines(folder.in('data'))).toEqual(lines);
    expect(shipper.counts).toEqual({ logged: 6, acknowledged: 6, rejected: 0, dropped: 0 });
  });

  test('may be what JSON can not hold: the call does not throw, and the entry says so', async () => {
    await using receiver = await testReceiver(folder.in('data'));
    await using shipper = shipperTo(receiver.port);
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    shipper.log(circle);
    shipper.log({ big: 1n });
    shipper.log({
      get bad(): string {
        throw new Error('no');
      },
    });
    shipper.log([1] as object);
    shipper.log(undefined as unknown as object);
    shipper.write(Symbol('no') as unknown as string);
    await shipper.flush();
    const entries = (await archivedLines(folder.in('data'))).map(
      (line) => JSON.parse(line) as { _error?: string; message: string },
    );
    const errors = entries.map(({ _error }) => _error);
    expect(errors.slice(0, 3)).toEqual(['not_json', 'not_json', 'not_json']);
    expect(entries.slice(3).map(({ message }) => message)).toEqual(['[1]', 'undefined', 'Symbol(no)']);
  });

  test.each(['', 'spool'])(
    'is settled when flush has settled, and may be redacted on the way (spoolDir %j)',
    async (spool) => {
      await using receiver = await testReceiver(folder.in('data'));
      const spoolDir = spool === '' ? '' : folder.in(spool);
      await using shipper = shipperTo(receiver.port, { spoolDir, batchInterval: 3600, redact: ['email'] });
      for (const n of [1, 2, 3]) {
        shipper.log({ n, mail: 'ada@example.org' });
        await shipper.flush();
        expect(shipper.counts.acknowledged).toBe(n);
        expect(await numbers()).toEqual(range(1, n));
      }
      expect((await archivedLines(folder.in('data'))).join()).not.toContain('ada@');
      await shipper.flush();
    },
  );

  test('after the end is counted as dropped', async () => {
    await using receiver = await testReceiver(folder.in('data'));
    const shipper = shipperTo(receiver.port);
    await shipper.close();
    shipper.log({ n: 1 });
    expect(shipper.counts).toMatchObject({ logged: 1, dropped: 1 });
    await expect(shipper.flush()).rejects.toThrow('closed');
    await shipper.close();
  });
});

describe('while there is no receiver', () => {
  test('flush and close end in time, and close tells by its counts what is not delivered', async () => {
    await using shipper = shipperTo(await quietPort());
    shipper.log({ n: 1 });
    await expect(shipper.flush(0.05)).rejects.toThrow('within 0.05 s');
    await shipper.close(0.05);
    expect(shipper.counts).toMatchObject({ logged: 1, acknowledged: 0 });
  });

  test('those who wait for a flush share one: the thread is not asked by each', async () => {
    const port = await quietPort();
    await using shipper = shipperTo(port, { batchInterval: 3600 });
    const posted = vi.spyOn(Worker.prototype, 'postMessage');
    shipper.log({ n: 1 });
    const first = shipper.flush();
    for (let calls = 0; calls < 100; calls += 1) await shipper.flush(0.001).catch(() => undefined);
    shipper.log({ n: 2 });
    const second = shipper.flush();
    const asked = posted.mock.calls.filter(([message]) => (message as { kind: string }).kind === 'flush');
    posted.mockRestore();
    expect(asked).toHaveLength(1);
    await using receiver = await testReceiver(folder.in('data'), { port });
    await Promise.all([first, second]);
    expect(shipper.counts.acknowledged).toBe(2);
    const last = [shipper.flush(), shipper.flush(), shipper.close()];
    await Promise.all(last);
    await receiver[Symbol.asyncDispose]();
  });

  test.each(['drop_oldest', 'drop_newest'] as const)(
    'memory is bounded: %s, counted, told, and declared to the receiver',
    async (queueFull) => {
      const port = await quietPort();
      await using shipper = shipperTo(port, { queueMaxBytes: '64KiB', queueFull, batchInterval: 0.01 });
      for (const n of range(1, 3000)) {
        shipper.log({ n, noise: Math.random().toString(36).repeat(3) });
        if (n % 100 === 0) await setImmediate();
      }
      await until('some are dropped', () => shipper.counts.dropped > 0);
      await using receiver = await testReceiver(folder.in('data'), { port });
      await shipper.flush();
      const { logged, acknowledged, dropped } = shipper.counts;
      expect(acknowledged + dropped).toBe(logged);
      expect(problems.map(({ code }) => code)).toContain('dropped');
      const found = await numbers();
      expect(found).toHaveLength(acknowledged);
      expect(found).toEqual([...new Set(found)].sort((a, b) => a - b));
      await shipper.close();
      await receiver[Symbol.asyncDispose]();
      expect((await verdictOn(folder.in('data'))).report).toContain(`${dropped} entries declared lost`);
    },
  );
});

describe('the thread that ships', () => {
  /** The next worker thread that is made. */
  const nextWorker = async (): Promise<Worker> => ((await once(process, 'worker')) as [Worker])[0];

  test('may fall: that is told, what it had in memory is declared lost, and the next goes on', async () => {
    const port = await quietPort();
    const made = nextWorker();
    await using shipper = shipperTo(port, { batchInterval: 0.01 });
    for (const n of range(1, 10)) shipper.log({ n });
    const first = await made;
    await once(first, 'online');
    await first.terminate();
    await until('it is told', () => problems.some(({ code }) => code === 'thread'));
    await using receiver = await testReceiver(folder.in('data'), { port });
    shipper.log({ n: 11 });
    await until('there is another', () => shipper.counts.acknowledged === 1, 60_000);
    await shipper.close();
    expect(shipper.counts).toMatchObject({ logged: 11, acknowledged: 1, dropped: 10 });
    await receiver[Symbol.asyncDispose]();
    expect(await numbers()).toEqual([11]);
    expect((await verdictOn(folder.in('data'))).report).toContain('10 entries declared lost');
  });

  test('may fall, and nothing is lost that is in a spool', async () => {
    await using receiver = await testReceiver(folder.in('data'));
    const made = nextWorker();
    await using shipper = shipperTo(receiver.port, { spoolDir: folder.in('spool') });
    await shipper.ready();
    for (const n of range(1, 10)) shipper.log({ n });
    await (await made).terminate();
    await until('it is told', () => problems.some(({ code }) => code === 'thread'));
    shipper.log({ n: 11 });
    await shipper.close();
    await using next = shipperTo(receiver.port, { spoolDir: folder.in('spool') });
    await next.flush();
    expect(await numbers()).toEqual(range(1, 11));
  });
});

test('several in one process are strangers to each other; two on one spool take turns', async () => {
  await using receiver = await testReceiver(folder.in('data'));
  await using one = shipperTo(receiver.port);
  await using two = shipperTo(receiver.port);
  await using holder = shipperTo(receiver.port, { spoolDir: folder.in('spool') });
  await holder.ready();
  await using waiting = shipperTo(receiver.port, { spoolDir: folder.in('spool') });
  one.log({ n: 1 });
  two.log({ n: 2 });
  holder.log({ n: 3 });
  waiting.log({ n: 4 });
  await Promise.all([one.flush(), two.flush(), holder.flush()]);
  expect((await numbers()).sort()).toEqual([1, 2, 3]);
  await until('it is told', () =>
    problems.some(({ message }) => message.includes('another process uses it')),
  );
  await holder.close();
  await waiting.flush();
  expect((await numbers()).sort()).toEqual([1, 2, 3, 4]);
});

test('what waited for a spool that was never its own is left in it, for the next run', async () => {
  await using receiver = await testReceiver(folder.in('data'));
  await using holder = shipperTo(receiver.port, { spoolDir: folder.in('spool') });
  await holder.ready();
  const waiting = shipperTo(receiver.port, { spoolDir: folder.in('spool') });
  waiting.log({ n: 1 });
  await waiting.close();
  await holder.close();
  await using next = shipperTo(receiver.port, { spoolDir: folder.in('spool') });
  await next.flush();
  expect(await numbers()).toEqual([1]);
});

test('what was logged before the spool was ready is shipped by a close that does not wait for that either', async () => {
  await using receiver = await testReceiver(folder.in('data'));
  const shipper = shipperTo(receiver.port, { spoolDir: folder.in('spool') });
  shipper.log({ n: 1 });
  const closed = shipper.close();
  shipper.log({ n: 2 });
  await closed;
  expect(shipper.counts).toEqual({ logged: 2, acknowledged: 1, rejected: 0, dropped: 1 });
  expect(await numbers()).toEqual([1]);
  expect(problems).toEqual([]);
});

test('a thread that can not be made is told and tried again: nobody has to catch anything', async () => {
  const library = JSON.stringify(new URL('../../src/library/create_shipper.ts', import.meta.url));
  const program = `
    const { createShipper } = await import(${library});
    const shipper = createShipper({ onProblem: ({ code, message }) => console.log(code, message) });
    shipper.log({ n: 1 });
    await shipper.ready();
    await shipper.close();
    console.log(shipper.counts.logged);`;
  const flags = ['--permission', '--allow-fs-read=*', '--input-type=module'];
  const { stdout } = await execFile(process.execPath, [...flags, '-e', program], { timeout: 60_000 });
  expect(stdout).toMatch(/^thread .*begun again: Access to this API/m);
  expect(stdout).toMatch(/^1$/m);
});

test('a token that is refused is told, and tried again', async () => {
  await using receiver = await testReceiver(folder.in('data'), {
    access: { tokens: ['right'] } as never,
  });
  await writeFile(folder.in('token'), 'wrong\n');
  await using shipper = shipperTo(receiver.port, { authTokenFile: folder.in('token') });
  shipper.log({ n: 1 });
  await until('it is told', () => problems.some(({ message }) => message.includes('unauthorized')));
  await shipper.close(0.1);
});
