/** Workers on a real NATS server, in this process; those that are killed are in worker_kills.test.ts. */
import { randomBytes } from 'node:crypto';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectNats } from '../../src/jetstream/connection.ts';
import { makeBlock } from '../helpers/blocks.ts';
import { NatsServer } from '../helpers/nats_server.ts';
import { numbersIn } from '../helpers/output_programs.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';
import {
  complaints,
  numbered,
  openStreamLog,
  publish,
  startWorker,
  storedIn,
  workerEnv,
  workerIn,
} from '../helpers/workers.ts';

const SHIPPERS = ['a', 'b', 'c', 'd'];

let server: NatsServer;
beforeAll(async () => {
  server = await NatsServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

/** How many partitions a worker says it has taken and has still. */
const heldBy = (said: string): number =>
  (said.match(/: taken,/g) ?? []).length - (said.match(/: handed over| took it/g) ?? []).length;

test('workers of a group share the partitions, hand them over in order, and write each block once', async () => {
  await using folder = await temporaryFolder();
  const [one, two] = [folder.in('one'), folder.in('two')];
  const env = workerEnv(server, 'SHARE', one);
  await using log = await openStreamLog(env);
  await publish(log, SHIPPERS, 1, 20);
  await using first = startWorker(env);
  await until('the first holds both', () => heldBy(first.said()) === 2);
  await using second = startWorker({ ...env, DATA_DIR: two });
  await until('each holds one', () => heldBy(first.said()) === 1 && heldBy(second.said()) === 1);
  await publish(log, SHIPPERS, 21, 40);
  await until('all is written', async () => (await storedIn(one, two)).length === 4 * 40);
  await second.stop();
  await until('the first holds both again', () => heldBy(first.said()) === 2);
  await publish(log, SHIPPERS, 41, 60);
  await until('all is written', async () => (await storedIn(one, two)).length === 4 * 60);
  await first.stop();
  expect((await storedIn(one, two)).toSorted()).toEqual(numbered(SHIPPERS, 60));
  expect(await complaints(one, two)).toBe('');
  expect((await storedIn(two)).length).toBeGreaterThan(0);
});

test('--once writes out what is there, in the other format too, and ends', async () => {
  await using folder = await temporaryFolder();
  const env = workerEnv(server, 'ONCE', folder.path);
  await using log = await openStreamLog(env);
  await publish(log, SHIPPERS, 1, 10);
  await startWorker({ ...env, ARCHIVE_FORMAT: 'zstd' }, { isOnce: true }).ended;
  await startWorker({ ...env, ARCHIVE_FORMAT: 'zstd' }, { isOnce: true }).ended;
  expect((await storedIn(folder.path)).toSorted()).toEqual(numbered(SHIPPERS, 10));
  expect(await complaints(folder.path)).toBe('');
});

test('what is written out is trimmed, but for what NATS still knows the ids of; so a full stream goes on', async () => {
  await using folder = await temporaryFolder();
  const env = { ...workerEnv(server, 'FULL', folder.path), NATS_MAX_BYTES: '16MiB' };
  const troubles: string[] = [];
  await using log = await openStreamLog(env, { troubled: ({ message }) => troubles.push(message) });
  const noise = `{"x":"${randomBytes(48 * 1024).toString('base64')}"}\n`;
  const published = publish(log, ['a'], 1, 200, { text: noise, level: 1 });
  await until('the stream is full', () => troubles.length > 0);
  expect(troubles[0]).toContain('full');
  await using worker = startWorker(env);
  await published;
  await until('all is written', async () => (await storedIn(folder.path)).length === 200);
  await using nats = await connectNats({ servers: [server.url], name: 'test' });
  const messages = async (): Promise<number> => {
    const states = await Promise.all(['FULL-0', 'FULL-1'].map((stream) => nats.manager.streams.info(stream)));
    return states.reduce((sum, { state }) => sum + state.messages, 0);
  };
  await until('all is trimmed', async () => (await messages()) === 0);
  const last = await makeBlock({ shipperId: 'a', sequence: 200, text: noise, level: 1 });
  expect(await log.append(last)).toBe('repeated');
  await worker.stop();
  expect(await complaints(folder.path)).toBe('');
});

test('NATS may go away and come back', async () => {
  await using folder = await temporaryFolder();
  await using own = await NatsServer.start();
  const env = workerEnv(own, 'AWAY', folder.path);
  await using log = await openStreamLog(env);
  await using worker = startWorker(env);
  await publish(log, SHIPPERS, 1, 5);
  await until('the worker holds both', () => heldBy(worker.said()) === 2);
  await own.kill();
  await until('the worker says so', () => worker.said().includes('it is tried again'));
  await own.again();
  await publish(log, SHIPPERS, 6, 10);
  await until('all is written', async () => (await storedIn(folder.path)).length === 40);
  expect(worker.said()).toContain('it works again');
  await worker.stop();
  expect(await complaints(folder.path)).toBe('');
});

describe('a message that is', () => {
  test('no block is left out, and one that is gone is told', async () => {
    await using folder = await temporaryFolder();
    const env = { ...workerEnv(server, 'ODD', folder.path), NATS_PARTITIONS: '1' };
    await using log = await openStreamLog(env);
    await publish(log, ['a'], 1, 3);
    await using nats = await connectNats({ servers: [server.url], name: 'test' });
    await nats.client.publish('ODD.blocks.0.x', 'not a block');
    await publish(log, ['a'], 4, 6);
    const { state } = await nats.manager.streams.info('ODD-0');
    await nats.manager.streams.deleteMessage('ODD-0', state.last_seq - 1);
    const worker = startWorker(env, { isOnce: true });
    await worker.ended;
    expect(await storedIn(folder.path)).toEqual(['a/1', 'a/2', 'a/3', 'a/4', 'a/6']);
    expect(worker.said()).toMatch(/message \d+ of ODD-0 is left out: it is no block/);
    expect(worker.said()).toMatch(/1 of the messages \d+ to \d+ are gone from the stream, and lost/);
  });
});

test.each(['csv', 'sqlite', 'stats'] as const)('the output %s has each entry once', async (name) => {
  await using folder = await temporaryFolder();
  const env = { ...workerEnv(server, `OUT${name}`, folder.in('data')), OUTPUT_DIR: folder.path };
  await using log = await openStreamLog(env);
  for (const [from, to] of [
    [1, 20],
    [21, 30],
  ] as const) {
    await publish(log, ['a'], from, to);
    await startWorker(env, { output: name, isOnce: true }).ended;
  }
  const numbers = await numbersIn(folder.path, name);
  expect(numbers).toHaveLength(60);
  expect(new Set(numbers).size).toBe(60);
});

test('how far a worker is can be read from its metrics', async () => {
  await using folder = await temporaryFolder();
  const env = { ...workerEnv(server, 'METRICS', folder.path), METRICS_PORT: '0' };
  await using log = await openStreamLog(env);
  await publish(log, SHIPPERS, 1, 5);
  await using worker = startWorker(env);
  await until('all is written', async () => (await storedIn(folder.path)).length === 20);
  const url = /metrics on (\S+)/.exec(worker.said())?.[1] ?? '';
  const metric = async (name: string): Promise<string[]> =>
    (await (await fetch(url)).text()).split('\n').filter((line) => line.startsWith(name));
  await until(
    'it is counted',
    async () => (await metric('logferry_worker_entries_total')).join() === 'logferry_worker_entries_total 40',
  );
  expect(await metric('logferry_worker_behind_messages{')).toEqual([
    'logferry_worker_behind_messages{partition="0"} 0',
    'logferry_worker_behind_messages{partition="1"} 0',
  ]);
  expect(await metric('logferry_worker_writing')).toEqual(['logferry_worker_writing 1']);
});

describe('a worker is refused', () => {
  test('another number of partitions', async () => {
    await using folder = await temporaryFolder();
    const env = workerEnv(server, 'PARTS', folder.path);
    await (await openStreamLog(env))[Symbol.asyncDispose]();
    await expect(startWorker({ ...env, NATS_PARTITIONS: '3' }).ended).rejects.toThrow(
      'PARTS has 2 partitions, NATS_PARTITIONS is 3',
    );
  });

  test('the file of another worker', async () => {
    await using folder = await temporaryFolder();
    const env = { ...workerEnv(server, 'OTHER', folder.in('one')), OUTPUT_DIR: folder.path };
    await startWorker(env, { output: 'csv', isOnce: true }).ended;
    await using log = await openStreamLog(env);
    await publish(log, ['a'], 1, 1);
    await startWorker(env, { output: 'csv', isOnce: true }).ended;
    const other = startWorker({ ...env, DATA_DIR: folder.in('two') }, { output: 'csv' });
    await expect(other.ended).rejects.toThrow(
      `was written by the worker ${await workerIn(folder.in('one'))}`,
    );
    const group = startWorker(env, { output: 'csv', group: 'more' });
    await expect(group.ended).rejects.toThrow('is written for the group csv, which is not more');
  });

  test('a copy of a worker that is alive', async () => {
    await using folder = await temporaryFolder();
    const env = workerEnv(server, 'COPY', folder.in('one'));
    await using log = await openStreamLog(env);
    await using worker = startWorker(env);
    await until('it holds both', () => heldBy(worker.said()) === 2);
    await cp(join(folder.in('one'), 'worker.json'), join(folder.in('two'), 'worker.json'), {
      recursive: true,
    });
    await using copy = startWorker({ ...env, DATA_DIR: folder.in('two') });
    await expect(Promise.race([worker.ended, copy.ended])).rejects.toThrow('another process works as');
    expect(log.trouble).toBeUndefined();
  });

  test('a copy that begins in the same instant, before it has written anything', async () => {
    await using folder = await temporaryFolder();
    const [one, two] = [folder.in('one'), folder.in('two')];
    const env = workerEnv(server, 'TWINS', one);
    await using log = await openStreamLog(env);
    await startWorker(env, { isOnce: true }).ended;
    await cp(join(one, 'worker.json'), join(two, 'worker.json'), { recursive: true });
    await using first = startWorker(env);
    await using second = startWorker({ ...env, DATA_DIR: two });
    await publish(log, SHIPPERS, 1, 50);
    await expect(Promise.race([first.ended, second.ended])).rejects.toThrow('another process works as');
    await until('all is written', async () => new Set(await storedIn(one, two)).size === 4 * 50);
  });
});
