/** Workers that die, or whose target stands still: others go on, and what was reserved is written by the one that had it. */
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectNats } from '../../src/jetstream/connection.ts';
import { PlaceStore } from '../../src/jetstream/place_store.ts';
import { Trimmer } from '../../src/jetstream/trimmer.ts';
import { WorkGroup, forgetGroup } from '../../src/jetstream/work_group.ts';
import type { WorkTarget } from '../../src/jetstream/work_target.ts';
import { Worker } from '../../src/jetstream/worker.ts';
import { WorkLog } from '../../src/tools/work/work_log.ts';
import { silentLog } from '../helpers/logs.ts';
import { NatsServer } from '../helpers/nats_server.ts';
import { temporaryFolder, type TemporaryFolder } from '../helpers/temp_folder.ts';
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

let server: NatsServer;
beforeAll(async () => {
  server = await NatsServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

/** Keeps the numbers of blocks in memory, and can stand still. */
class MemoryTarget implements WorkTarget {
  readonly numbers: number[] = [];
  isWaiting = false;
  #still: PromiseWithResolvers<void> | undefined;

  stand(): void {
    this.#still = Promise.withResolvers<void>();
  }

  goOn(): void {
    this.#still?.resolve();
    this.#still = undefined;
  }

  async write(_stream: string, blocks: Parameters<WorkTarget['write']>[1]): Promise<void> {
    this.isWaiting = this.#still !== undefined;
    await this.#still?.promise;
    for (const { header } of blocks)
      if (!this.numbers.includes(header.sequence)) this.numbers.push(header.sequence);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

test('a worker that can’t write is passed over after a lease, and finishes what it had', async () => {
  await using folder = await temporaryFolder();
  const env = { ...workerEnv(server, 'STUCK', folder.path), NATS_PARTITIONS: '1' };
  await using log = await openStreamLog(env);
  await using nats = await connectNats({ servers: [server.url], name: 'test' });
  const stop = new AbortController();
  const begin = (worker: string, target: WorkTarget): Promise<void> =>
    new Worker({
      ...{ nats, bucket: log.bucket, worker, target, signal: stop.signal, isOnce: false },
      names: { stream: 'STUCK', partitions: 1 },
      group: new WorkGroup(log.bucket, 'memory'),
      leaseMs: 500,
      keepMs: 500,
      report: new WorkLog(silentLog),
    }).run();
  const group = new WorkGroup(log.bucket, 'memory');
  const [one, two] = [new MemoryTarget(), new MemoryTarget()];
  const first = begin('one', one);
  await publish(log, ['a'], 1, 5);
  await until('the first writes', () => one.numbers.length === 5);
  one.stand();
  await publish(log, ['a'], 6, 10);
  await until('the first stands still with some of them', () => one.isWaiting);
  const second = begin('two', two);
  await until('the second has the partition', async () => (await group.ledger(0))?.ledger.holder === 'two');
  await publish(log, ['a'], 11, 20);
  await until('the second goes on', () => two.numbers.includes(20));
  one.goOn();
  const all = range(1, 20);
  await until('the first finishes its own', () => one.numbers.length + two.numbers.length === all.length);
  stop.abort();
  await Promise.all([first, second]);
  expect([...one.numbers, ...two.numbers].toSorted((a, b) => a - b)).toEqual(all);
  expect(one.numbers).toContain(6);
});

test('a stream that was made anew is neither taken for written out, nor trimmed', async () => {
  await using folder = await temporaryFolder();
  const env = { ...workerEnv(server, 'ANEW', folder.path), NATS_PARTITIONS: '1' };
  {
    await using log = await openStreamLog(env);
    await publish(log, ['a'], 1, 5);
    await startWorker(env, { isOnce: true }).ended;
  }
  await using nats = await connectNats({ servers: [server.url], name: 'test' });
  await nats.manager.streams.delete('ANEW-0');
  await using log = await openStreamLog(env);
  await publish(log, ['b'], 1, 2);
  await expect(startWorker(env, { isOnce: true }).ended).rejects.toThrow(/ANEW-0 ends with message \d, and/);
  const names = { stream: 'ANEW', partitions: 1 };
  const places = new PlaceStore(nats, log.bucket);
  const trimmer = new Trimmer({ nats, bucket: log.bucket, places, names, keepMs: 0 });
  await expect(trimmer.trim(0)).rejects.toThrow('ANEW-0 ends with message');
  await using worker = startWorker(env);
  await until('it says so', () => worker.said().includes('partition 0: ANEW-0 ends with message'));
  expect(await forgetGroup(log.bucket, 'archive')).toBe(true);
  await until('it begins anew', async () => (await storedIn(folder.path)).includes('b/2'));
  await worker.stop();
  expect((await storedIn(folder.path)).toSorted()).toEqual([...numbered(['a'], 5), ...numbered(['b'], 2)]);
});

describe('what a worker reserved before it died', () => {
  /** A stream of nine blocks: of 3 to 7, which it had reserved, the first worker has written 3. */
  async function leftBehind(stream: string, folder: TemporaryFolder) {
    const one = folder.in('one');
    const env = { ...workerEnv(server, stream, one), NATS_PARTITIONS: '1' };
    await using log = await openStreamLog(env);
    await publish(log, ['a'], 1, 3);
    await startWorker(env, { isOnce: true }).ended;
    await publish(log, ['a'], 4, 9);
    const worker = await workerIn(one);
    const group = new WorkGroup(log.bucket, 'archive');
    const seen = await group.ledger(0);
    if (seen === undefined) throw new Error('there is no ledger');
    const third = seen.ledger.taken;
    const left = [{ worker, from: third, to: third + 4 }];
    await group.write(0, { ...seen.ledger, taken: third + 4, done: third + 4, left }, seen.revision);
    return { one, two: folder.in('two'), env, worker };
  }

  test('waits for it, while others go on behind it', async () => {
    await using folder = await temporaryFolder();
    const { one, two, env, worker } = await leftBehind('LEFT', folder);
    const other = startWorker({ ...env, DATA_DIR: two }, { isOnce: true });
    await expect(other.ended).rejects.toThrow(
      `messages are left to the worker ${worker}, which is not there`,
    );
    expect(await storedIn(two)).toEqual(['a/8', 'a/9']);
    expect(other.said()).toMatch(new RegExp(`messages \\d+ to \\d+ are left to the worker ${worker}`));
    await startWorker(env, { isOnce: true }).ended;
    expect(await storedIn(one)).toEqual(numbered(['a'], 7));
    expect(await complaints(one, two)).toBe('');
  });

  test('is written by the one that takes its name, where its disk is lost', async () => {
    await using folder = await temporaryFolder();
    const { one, two, env, worker } = await leftBehind('LOST', folder);
    await rm(one, { recursive: true });
    const second = { ...env, DATA_DIR: two };
    await startWorker(second, { isOnce: true }).ended.catch(() => undefined);
    await expect(startWorker(second, { abandoned: worker }).ended).rejects.toThrow('name another folder');
    await startWorker({ ...env, DATA_DIR: folder.in('three') }, { abandoned: worker, isOnce: true }).ended;
    expect(await storedIn(folder.in('three'))).toEqual(['a/3', 'a/4', 'a/5', 'a/6', 'a/7']);
    expect(await workerIn(folder.in('three'))).toBe(worker);
  });
});
