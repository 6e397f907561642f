import { describe, expect, test } from 'vitest';
import { RedisBuffer } from '../../../src/users/redis/redis_buffer.ts';
import { BufferUnavailable, type UserEntry } from '../../../src/users/user_buffer.ts';
import { UserFiles } from '../../../src/users/user_files.ts';
import { RedisServer } from '../../helpers/redis_server.ts';
import { temporaryFolder } from '../../helpers/temp_folder.ts';
import { until } from '../../helpers/until.ts';
import { entry, linesIn } from '../../helpers/user_days.ts';

interface Opened extends AsyncDisposable {
  readonly redis: RedisServer;
  readonly files: UserFiles;
  readonly buffer: RedisBuffer;
  readonly said: string[];
}

async function open(
  flags: readonly string[] = [],
  options: { readonly keyExpirationSeconds?: number; readonly timeoutMs?: number } = {},
): Promise<Opened> {
  await using stack = new AsyncDisposableStack();
  const redis = stack.use(await RedisServer.start(flags));
  const folder = stack.use(await temporaryFolder());
  const files = stack.use(await UserFiles.open(folder.path));
  const said: string[] = [];
  const buffer = stack.use(
    new RedisBuffer({
      url: redis.url,
      files,
      ...options,
      troubled: (error) => said.push(error.message),
      recovered: () => said.push('back'),
      found: (finding) => said.push(finding),
    }),
  );
  await buffer.ready(10_000);
  const held = stack.move();
  return { redis, files, buffer, said, [Symbol.asyncDispose]: () => held[Symbol.asyncDispose]() };
}

const numbered = (userId: string, from: number, to: number): UserEntry[] =>
  Array.from({ length: to - from + 1 }, (_, index) => entry(userId, 20_000, from + index));

test('an entry waits in its list as it came, and moves to its file', async () => {
  await using opened = await open();
  const { redis, buffer, files } = opened;
  await buffer.add([entry('bob', 20_000, 1), entry('bob', 20_001, 2), entry('Ö:1', 20_000, 3)]);
  expect(await redis.run('LRANGE', 'logs:user_bob:20000', '0', '-1')).toEqual([Buffer.from('{"n":1}')]);
  expect(await redis.run('TTL', 'logs:user_bob:20000')).toBe(-1);
  const waiting = await buffer.waiting();
  expect(waiting.toSorted((a, b) => `${a.userId}${a.day}`.localeCompare(`${b.userId}${b.day}`))).toEqual([
    { userId: 'bob', day: 20_000, entries: 1 },
    { userId: 'bob', day: 20_001, entries: 1 },
    { userId: 'Ö:1', day: 20_000, entries: 1 },
  ]);
  expect(await buffer.drain()).toEqual({ entries: 3, files: 3 });
  expect(await linesIn(files.folder, 'bob', 20_000)).toEqual(['{"n":1}']);
  expect(await linesIn(files.folder, 'Ö:1', 20_000)).toEqual(['{"n":3}']);
  expect(await buffer.waiting()).toEqual([]);
  expect(await buffer.drain()).toEqual({ entries: 0, files: 0 });
});

test.each([
  ['with the end of a key', 'a:20000'],
  ['with the end of a list that is taken away', 'a:20000:draining'],
  ['with a newline', 'a\nb'],
  ['with half a character', '\ud800'],
  ['that is a pattern', '*'],
  ['that is empty', ''],
  ['in a form of its own', 'e\u0301'],
  ['of 10,000 letters', 'x'.repeat(10_000)],
])('an id %s comes back from its key', async (_, userId) => {
  await using opened = await open();
  const { buffer, files } = opened;
  await buffer.add([entry(userId, -1, 1)]);
  expect(await buffer.waiting()).toEqual([{ userId, day: -1, entries: 1 }]);
  await buffer.drain();
  expect(await linesIn(files.folder, userId, -1)).toEqual(['{"n":1}']);
});

test('a day is read from file and buffer together, each entry once and in order', async () => {
  await using opened = await open();
  const { redis, buffer } = opened;
  const read = async (): Promise<string[]> =>
    (await Array.fromAsync(buffer.linesOf('bob', 20_000))).map((line) => line.toString());
  const all = numbered('bob', 1, 30).map(({ line }) => line.toString().trimEnd());
  expect(await read()).toEqual([]);
  await buffer.add(numbered('bob', 1, 10));
  expect(await read()).toEqual(all.slice(0, 10));
  await buffer.drain();
  await buffer.add(numbered('bob', 11, 20));
  await redis.run('RENAME', 'logs:user_bob:20000', 'logs:user_bob:20000:draining');
  await buffer.add(numbered('bob', 21, 30));
  expect(await read()).toEqual(all);
  expect(await buffer.waiting()).toEqual([{ userId: 'bob', day: 20_000, entries: 20 }]);
  await buffer.drain();
  expect(await read()).toEqual(all);
});

test('of a day that is too long to be held the most is moved before it is read', async () => {
  await using opened = await open();
  const { buffer } = opened;
  for (let from = 1; from < 25_000; from += 5000) await buffer.add(numbered('bob', from, from + 4999));
  let count = 0;
  for await (const line of buffer.linesOf('bob', 20_000)) {
    count += 1;
    expect(line.toString()).toBe(`{"n":${count}}`);
  }
  expect(count).toBe(25_000);
});

test('lists expire only where that is asked for', async () => {
  await using opened = await open([], { keyExpirationSeconds: 300 });
  const { redis, buffer } = opened;
  await buffer.add([entry('bob', 20_000, 1)]);
  expect(await redis.run('TTL', 'logs:user_bob:20000')).toBeGreaterThan(290);
});

describe('while Redis is away', () => {
  test('an add fails at once, and works again without a restart', async () => {
    await using opened = await open();
    const { redis, buffer, files, said } = opened;
    await buffer.add([entry('bob', 20_000, 1)]);
    await redis.kill();
    await until('it is known to be away', () => buffer.trouble !== undefined);
    const began = performance.now();
    const error = await buffer.add([entry('bob', 20_000, 2)]).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(BufferUnavailable);
    expect(error).toMatchObject({ retryAfterSeconds: 1, isUncertain: false });
    expect(performance.now() - began).toBeLessThan(1000);
    await redis.again();
    await buffer.ready(20_000);
    await buffer.add([entry('bob', 20_000, 3)]);
    await buffer.drain();
    expect(await linesIn(files.folder, 'bob', 20_000)).toEqual(['{"n":1}', '{"n":3}']);
    expect(said.at(-1)).toBe('back');
  });

  test('of adds under way when it is killed and comes back, each that settled is there once, in order', async () => {
    await using opened = await open();
    const { redis, buffer, files } = opened;
    const settled: number[] = [];
    const failed: number[] = [];
    let n = 0;
    for (let round = 0; round < 3; round += 1) {
      const adds: Promise<unknown>[] = [];
      const pushing = async (): Promise<void> => {
        for (let tick = 0; tick < 200; tick += 1) {
          const number = (n += 1);
          adds.push(
            buffer.add([entry('bob', 20_000, number)]).then(
              () => settled.push(number),
              () => failed.push(number),
            ),
          );
          await new Promise((next) => setImmediate(next));
        }
      };
      const pushed = pushing();
      await until('some are there', () => settled.length > 100 * round);
      await redis.kill();
      await redis.again();
      await pushed;
      await Promise.all(adds);
      await buffer.ready(20_000);
    }
    await buffer.drain();
    const numbers = (await linesIn(files.folder, 'bob', 20_000)).map(
      (line) => (JSON.parse(line) as { n: number }).n,
    );
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(settled.filter((number) => !numbers.includes(number))).toEqual([]);
    expect(settled.length).toBeGreaterThan(0);
  });

  test('a server that stands still is left, and what it takes later of what was given up is known', async () => {
    await using opened = await open([], { timeoutMs: 300 });
    const { redis, buffer, files } = opened;
    await buffer.add([entry('bob', 20_000, 1)]);
    redis.signal('SIGSTOP');
    const second = buffer.add([entry('bob', 20_000, 2)]);
    await until('it is left', () => buffer.trouble !== undefined);
    redis.signal('SIGCONT');
    await second;
    await buffer.ready(20_000);
    await buffer.drain();
    expect(await linesIn(files.folder, 'bob', 20_000)).toEqual(['{"n":1}', '{"n":2}']);
  });

  test('what may be there all the same is told to be uncertain', async () => {
    await using opened = await open([], { timeoutMs: 200 });
    const { redis, buffer } = opened;
    redis.signal('SIGSTOP');
    const error = await buffer.add([entry('bob', 20_000, 1)]).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(BufferUnavailable);
    expect(error).toMatchObject({ isUncertain: true });
    redis.signal('SIGCONT');
  });
});

describe('where Redis refuses', () => {
  test('for want of memory, nothing of an add is there, and the reason is told', async () => {
    await using opened = await open();
    const { redis, buffer } = opened;
    await buffer.add([entry('bob', 20_000, 1)]);
    await redis.run('CONFIG', 'SET', 'maxmemory', '1');
    const error = await buffer
      .add([entry('bob', 20_000, 2), entry('eve', 20_000, 2)])
      .catch((one: unknown) => one);
    expect(error).toBeInstanceOf(BufferUnavailable);
    expect((error as Error).message).toContain('OOM');
    expect(error).toMatchObject({ isUncertain: false });
    await redis.run('CONFIG', 'SET', 'maxmemory', '0');
    expect(await buffer.waiting()).toEqual([{ userId: 'bob', day: 20_000, entries: 1 }]);
  });

  test('as a replica, the reason is told', async () => {
    await using opened = await open();
    const { redis, buffer } = opened;
    await redis.run('REPLICAOF', '127.0.0.1', '1');
    await expect(buffer.add([entry('bob', 20_000, 1)])).rejects.toThrow('READONLY');
    await redis.run('REPLICAOF', 'NO', 'ONE');
    await buffer.add([entry('bob', 20_000, 1)]);
  });

  test('for want of a password, it is away', async () => {
    await using redis = await RedisServer.start();
    await redis.run('CONFIG', 'SET', 'requirepass', 'x');
    await using folder = await temporaryFolder();
    await using files = await UserFiles.open(folder.path);
    await using buffer = new RedisBuffer({ url: redis.url, files });
    await expect(buffer.ready(1500)).rejects.toThrow('NOAUTH');
  });

  test('one key, other adds of the same tick are there', async () => {
    await using opened = await open();
    const { redis, buffer } = opened;
    await redis.run('SET', 'logs:user_eve:20000', 'text');
    const [bob, eve] = await Promise.allSettled([
      buffer.add([entry('bob', 20_000, 1)]),
      buffer.add([entry('eve', 20_000, 1)]),
    ]);
    expect(bob.status).toBe('fulfilled');
    expect(eve).toMatchObject({ status: 'rejected', reason: { code: 'buffer_unavailable' } });
    expect(await buffer.waiting()).toEqual([{ userId: 'bob', day: 20_000, entries: 1 }]);
  });
});
