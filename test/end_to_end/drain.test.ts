import { expect, test } from 'vitest';
import { Program, runServer } from '../helpers/programs.ts';
import { RedisServer } from '../helpers/redis_server.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';
import { numbersIn } from '../helpers/user_days.ts';

test('drain --once moves what waits and ends; drain goes on until it is told to stop, also without Redis', async () => {
  await using redis = await RedisServer.start();
  await using folder = await temporaryFolder();
  const env = { REDIS_URL: redis.url, USER_FILES_DIR: folder.in('logs'), DRAIN_INTERVAL: '0.1' };
  const numbers = (): Promise<number[]> => numbersIn(folder.in('logs'), 'bob', 1);
  await redis.run('RPUSH', 'logs:user_bob:1', '{"n":1}', '{"n":2}');
  await using first = new Program('server_main.ts', ['drain', '--once'], env);
  const once = await first.ended();
  expect(once.code, once.stderr).toBe(0);
  expect(once.stdout).toContain('drained 2 entries into 1 files');
  expect(await numbers()).toEqual([1, 2]);

  await using drainer = new Program('server_main.ts', ['drain'], env);
  await redis.run('RPUSH', 'logs:user_bob:1', '{"n":3}');
  await until('it is moved', async () => (await numbers()).length === 3, 30_000);
  await redis.kill();
  await until('it is told', () => drainer.log.some(({ msg }) => msg.startsWith('Redis is away')), 30_000);
  await redis.again();
  await redis.run('RPUSH', 'logs:user_bob:1', '{"n":4}');
  await until('it is moved', async () => (await numbers()).length === 4, 30_000);
  drainer.kill('SIGTERM');
  const { code, stdout } = await drainer.ended();
  expect(code, stdout).toBe(0);
  expect(drainer.log.some(({ msg }) => msg === 'Redis is back')).toBe(true);
  expect(await numbers()).toEqual([1, 2, 3, 4]);
});

test('lists that expire too soon stop the start', async () => {
  const { code, stderr } = await runServer(['drain', '--redis-key-expiration', '60']);
  expect(code).toBe(2);
  expect(stderr).toContain('less than five DRAIN_INTERVALs');
});
