/** Drainers that are killed at each step, in the middle of others, or with Redis: every entry is in its file once, in order. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RedisBuffer } from '../../../src/users/redis/redis_buffer.ts';
import { UserFiles } from '../../../src/users/user_files.ts';
import { drainAndDie, startDrainer } from '../../helpers/drainers.ts';
import { RedisServer } from '../../helpers/redis_server.ts';
import { temporaryFolder } from '../../helpers/temp_folder.ts';
import { until } from '../../helpers/until.ts';
import { numbersIn } from '../../helpers/user_days.ts';

const LONG = 240_000;

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(async () => {
  await redis[Symbol.asyncDispose]();
});

/** What pushes numbered entries to a user's list, and remembers how many there are. */
class Pusher {
  count = 0;
  readonly userId: string;

  constructor(userId: string) {
    this.userId = userId;
  }

  async push(entries: number): Promise<void> {
    const lines = Array.from({ length: entries }, () => `{"n":${(this.count += 1)}}`);
    await redis.run('RPUSH', `logs:user_${this.userId}:1`, ...lines);
  }

  get all(): number[] {
    return Array.from({ length: this.count }, (_, index) => index + 1);
  }
}

async function drainHere(folder: string): Promise<void> {
  await using files = await UserFiles.open(folder);
  await using buffer = new RedisBuffer({ url: redis.url, files });
  await buffer.ready(20_000);
  await buffer.drain();
}

test(
  'kill -9 at each step',
  async () => {
    await redis.run('FLUSHALL');
    await using folder = await temporaryFolder();
    const pushers = [new Pusher('bob'), new Pusher('Eve')];
    let step = 1;
    for (; ; step += 1) {
      for (const pusher of pushers) await pusher.push(3);
      const { wasKilled, code, output } = await drainAndDie('drain_once.ts', [redis.url, folder.path], step);
      if (!wasKilled) expect(code, output).toBe(0);
      await pushers[0]?.push(1);
      if (step % 3 > 0 && wasKilled) continue;
      await drainHere(folder.path);
      for (const { userId, all } of pushers)
        expect(await numbersIn(folder.path, userId, 1), `${userId} after step ${step}`).toEqual(all);
      if (!wasKilled) break;
    }
    expect(step).toBeGreaterThan(20);
  },
  LONG,
);

test(
  'two drainers, one of which is killed again and again, while entries are pushed',
  async () => {
    await redis.run('FLUSHALL');
    await using folder = await temporaryFolder();
    const pushers = ['bob', 'eve', 'Zoë'].map((userId) => new Pusher(userId));
    const stop = new AbortController();
    const pushing = Promise.all(
      pushers.map(async (pusher) => {
        while (!stop.signal.aborted) await pusher.push(50);
      }),
    );
    const steady = startDrainer('drain_once.ts', [redis.url, folder.path, '100']);
    for (let round = 0; round < 5; round += 1) {
      const { child, ended } = startDrainer('drain_once.ts', [redis.url, folder.path, '1000']);
      const before = (await numbersIn(folder.path, 'bob', 1)).length;
      await until(
        'more is in the file',
        async () => (await numbersIn(folder.path, 'bob', 1)).length > before,
        30_000,
      );
      child.kill('SIGKILL');
      await ended;
    }
    stop.abort();
    await pushing;
    const { code, output } = await steady.ended;
    expect(code, output).toBe(0);
    await drainHere(folder.path);
    for (const { userId, all } of pushers) expect(await numbersIn(folder.path, userId, 1)).toEqual(all);
  },
  LONG,
);

test('two drainers at once share the work, and nothing is moved twice', async () => {
  await redis.run('FLUSHALL');
  await using folder = await temporaryFolder();
  const pushers = Array.from({ length: 40 }, (_, index) => new Pusher(`u${index}`));
  for (const pusher of pushers) await pusher.push(2000);
  const ended = await Promise.all(
    [1, 2].map(() => startDrainer('drain_once.ts', [redis.url, folder.path]).ended),
  );
  const moved = ended.map(({ output }) => Number(output));
  expect((moved[0] ?? 0) + (moved[1] ?? 0)).toBe(80_000);
  for (const { userId, all } of pushers) expect(await numbersIn(folder.path, userId, 1)).toEqual(all);
});

test('Redis is killed and comes back while it is drained', async () => {
  await redis.run('FLUSHALL');
  await using folder = await temporaryFolder();
  await using files = await UserFiles.open(folder.path);
  await using buffer = new RedisBuffer({ url: redis.url, files });
  const bob = new Pusher('bob');
  for (let round = 0; round < 4; round += 1) {
    await buffer.ready(20_000);
    for (let times = 0; times < 5; times += 1) await bob.push(10_000);
    const before = (await numbersIn(folder.path, 'bob', 1)).length;
    const draining = buffer.drain().catch((error: unknown) => error);
    await until('some is moved', async () => (await numbersIn(folder.path, 'bob', 1)).length > before);
    await redis.kill();
    await draining;
    await redis.again();
  }
  await buffer.ready(20_000);
  await buffer.drain();
  expect(await numbersIn(folder.path, 'bob', 1)).toEqual(bob.all);
});

describe('the flow LRANGE, append, DEL', () => {
  const run = async (step: number, env: Record<string, string> = {}): Promise<number[]> => {
    await redis.run('FLUSHALL');
    await using folder = await temporaryFolder();
    await new Pusher('bob').push(3);
    const { wasKilled } = await drainAndDie('original_drain.ts', [redis.url, folder.path], step, env);
    if (wasKilled) await drainAndDie('original_drain.ts', [redis.url, folder.path], Infinity);
    return await numbersIn(folder.path, 'bob', 1);
  };

  test(
    'has entries twice when it is killed between append and DEL',
    async () => {
      const results: number[][] = [];
      for (let step = 1; step < 20 && results.at(-1)?.length !== 6; step += 1) results.push(await run(step));
      expect(results.at(-1)).toEqual([1, 2, 3, 1, 2, 3]);
    },
    LONG,
  );

  test('loses what is pushed meanwhile, ours does not', async () => {
    expect(await run(Infinity, { PUSH_MEANWHILE: '{"n":4}' })).toEqual([1, 2, 3]);
  });

  test('loses what expires before it is drained, for which ours has no default', async () => {
    await redis.run('FLUSHALL');
    await using folder = await temporaryFolder();
    await new Pusher('bob').push(3);
    await redis.run('PEXPIRE', 'logs:user_bob:1', '1');
    await until('it is gone', async () => (await redis.run('EXISTS', 'logs:user_bob:1')) === 0);
    await drainAndDie('original_drain.ts', [redis.url, folder.path], Infinity);
    expect(await numbersIn(folder.path, 'bob', 1)).toEqual([]);
  });
});
