import { rm, symlink } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { keepDraining } from '../../../src/users/redis/keep_draining.ts';
import { RedisBuffer } from '../../../src/users/redis/redis_buffer.ts';
import { UserFiles } from '../../../src/users/user_files.ts';
import { RedisServer } from '../../helpers/redis_server.ts';
import { temporaryFolder, type TemporaryFolder } from '../../helpers/temp_folder.ts';
import { canMount, mountTmpfs } from '../../helpers/tmpfs.ts';
import { until } from '../../helpers/until.ts';
import { linesIn, numbersIn } from '../../helpers/user_days.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(async () => {
  await redis[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await redis.run('FLUSHALL');
});

interface Opened extends AsyncDisposable {
  readonly files: UserFiles;
  readonly buffer: RedisBuffer;
  readonly found: string[];
}

async function open(folder: Pick<TemporaryFolder, 'in'>, pattern?: string): Promise<Opened> {
  await using stack = new AsyncDisposableStack();
  const files = stack.use(await UserFiles.open(folder.in('logs')));
  const found: string[] = [];
  const buffer = stack.use(
    new RedisBuffer({
      url: redis.url,
      files,
      ...(pattern === undefined ? {} : { pattern }),
      found: (finding) => found.push(finding),
    }),
  );
  await buffer.ready(20_000);
  const held = stack.move();
  return { files, buffer, found, [Symbol.asyncDispose]: () => held[Symbol.asyncDispose]() };
}

const push = (userId: string, ...numbers: number[]): Promise<unknown> =>
  redis.run('RPUSH', `logs:user_${userId}:1`, ...numbers.map((n) => `{"n":${n}}`));

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

test('a long list is moved in chunks', async () => {
  await using folder = await temporaryFolder();
  await using opened = await open(folder);
  await push('bob', ...upTo(45_000));
  expect(await opened.buffer.drain()).toEqual({ entries: 45_000, files: 1 });
  expect(await numbersIn(folder.in('logs'), 'bob', 1)).toEqual(upTo(45_000));
  const places = await opened.files.turn((turn) => Promise.resolve(turn.places));
  expect(places.drained?.chunk).toBe(5);
});

test('so is one of large entries', async () => {
  await using folder = await temporaryFolder();
  await using opened = await open(folder);
  const large = `"${'x'.repeat(1024 * 1024)}"`;
  for (let pushed = 0; pushed < 24; pushed += 1) await redis.run('RPUSH', 'logs:user_bob:1', large);
  expect(await opened.buffer.drain()).toEqual({ entries: 24, files: 1 });
  expect(await linesIn(folder.in('logs'), 'bob', 1)).toEqual(Array<string>(24).fill(large));
  const places = await opened.files.turn((turn) => Promise.resolve(turn.places));
  expect(places.drained?.chunk).toBeGreaterThan(2);
});

test('many lists are moved together', async () => {
  await using folder = await temporaryFolder();
  await using opened = await open(folder);
  for (let user = 0; user < 600; user += 1) await push(`u${user}`, user);
  expect(await opened.buffer.drain()).toEqual({ entries: 600, files: 600 });
  for (let user = 0; user < 600; user += 1)
    expect(await numbersIn(folder.in('logs'), `u${user}`, 1)).toEqual([user]);
});

test('an entry that others pushed in several lines becomes one', async () => {
  await using folder = await temporaryFolder();
  await using opened = await open(folder);
  await redis.run('RPUSH', 'logs:user_bob:1', '{\n "n": 1\n}', '{"n":2}');
  await opened.buffer.drain();
  expect(await linesIn(folder.in('logs'), 'bob', 1)).toEqual(['{  "n": 1 }', '{"n":2}']);
});

test('what is no list of a user is let be', async () => {
  await using folder = await temporaryFolder();
  await using opened = await open(folder);
  const keys = ['logs:user_bob:x', 'logs:user_bob:1.5', 'logs:other', 'logs:user_:', 'logs:user_bob:01'];
  for (const key of keys) await redis.run('RPUSH', key, 'x');
  await redis.run('SET', 'logs:user_bob:1', 'text');
  await redis.run('RPUSH', Buffer.from('logs:user_\xff:1', 'latin1'), 'x');
  expect(await opened.buffer.drain()).toEqual({ entries: 0, files: 0 });
  expect(await redis.run('DBSIZE')).toBe(keys.length + 2);
});

test('only keys of the pattern are drained', async () => {
  await using folder = await temporaryFolder();
  await using opened = await open(folder, 'logs:user_b*');
  await push('bob', 1);
  await push('eve', 1);
  expect(await opened.buffer.drain()).toEqual({ entries: 1, files: 1 });
});

test('a file that can’t be written does not stop the others, and is tried again later', async () => {
  await using folder = await temporaryFolder();
  await using opened = await open(folder);
  await symlink('/tmp', folder.in('logs', 'user_eve'));
  await push('bob', 1);
  await push('eve', 1);
  expect(await opened.buffer.drain()).toEqual({ entries: 1, files: 1 });
  await push('bob', 2);
  expect(await opened.buffer.drain()).toEqual({ entries: 1, files: 1 });
  expect(opened.found).toEqual([expect.stringContaining('user_eve is no folder')]);
  expect(await numbersIn(folder.in('logs'), 'bob', 1)).toEqual([1, 2]);
  await rm(folder.in('logs', 'user_eve'));
  await until('it is tried again', async () => (await opened.buffer.drain()).entries === 1);
  expect(await numbersIn(folder.in('logs'), 'eve', 1)).toEqual([1]);
});

test('a Redis that is drained into other files is let be', async () => {
  await using folder = await temporaryFolder();
  await using other = await temporaryFolder();
  await using opened = await open(folder);
  await using second = await open(other);
  await push('bob', 1);
  await opened.buffer.drain();
  await push('bob', 2);
  await expect(second.buffer.drain()).rejects.toMatchObject({ code: 'other_files' });
  await opened.buffer.drain();
  expect(await numbersIn(folder.in('logs'), 'bob', 1)).toEqual([1, 2]);
});

describe('where one side lost its latest writes', () => {
  test('Redis: it is told, and what is there is moved', async () => {
    await using folder = await temporaryFolder();
    await using opened = await open(folder);
    for (const n of [1, 2, 3]) {
      await push('bob', n);
      await opened.buffer.drain();
    }
    await redis.run('FLUSHALL');
    await push('bob', 4);
    await opened.buffer.drain();
    expect(await numbersIn(folder.in('logs'), 'bob', 1)).toEqual([1, 2, 3, 4]);
    expect(opened.found).toEqual([expect.stringContaining('Redis lost its latest writes')]);
  });

  test('the files: it is told, and what comes is moved', async () => {
    await using folder = await temporaryFolder();
    await using opened = await open(folder);
    await push('bob', 1);
    await opened.buffer.drain();
    await redis.run('SET', 'logs:drained', `${opened.files.id} 7`);
    await push('bob', 2);
    await opened.buffer.drain();
    expect(await numbersIn(folder.in('logs'), 'bob', 1)).toEqual([1, 2]);
    expect(opened.found).toEqual([expect.stringContaining('the files lost their latest writes')]);
  });
});

test.runIf(await canMount())(
  'a full disk stops draining, not pushing, and nothing is lost or twice',
  async () => {
    await using disk = await mountTmpfs(16);
    await using opened = await open(disk);
    await push('bob', ...upTo(100));
    await opened.buffer.drain();
    const wide = `"${'x'.repeat(1000)}"`;
    await redis.run('RPUSH', 'logs:user_bob:1', ...Array<string>(5000).fill(wide));
    await disk.fill(14);
    await expect(opened.buffer.drain()).rejects.toMatchObject({ code: 'ENOSPC' });
    await opened.buffer.add([{ userId: 'bob', day: 1, line: Buffer.from('"last"\n') }]);
    await expect(opened.buffer.drain()).rejects.toMatchObject({ code: 'ENOSPC' });
    await disk.free();
    await opened.buffer.drain();
    const lines = await linesIn(disk.in('logs'), 'bob', 1);
    expect(lines.slice(0, 100)).toEqual(upTo(100).map((n) => `{"n":${n}}`));
    expect(lines.slice(100)).toEqual([...Array<string>(5000).fill(wide), '"last"']);
  },
);

describe('draining again and again', () => {
  test('goes on after trouble, which is told once', async () => {
    const stop = new AbortController();
    const said: string[] = [];
    let calls = 0;
    await keepDraining({
      drainer: {
        drain: () => {
          calls += 1;
          if (calls === 5) stop.abort();
          return calls < 3
            ? Promise.reject(new Error('disk full'))
            : Promise.resolve({ entries: calls, files: 1 });
        },
      },
      intervalMs: 1,
      signal: stop.signal,
      troubled: ({ message }) => said.push(message),
      recovered: () => said.push('recovered'),
      drained: ({ entries }) => said.push(`${entries}`),
    });
    expect(said).toEqual(['disk full', 'recovered', '3', '4', '5']);
  });
});
