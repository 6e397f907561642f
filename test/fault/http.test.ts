/**
 * Load over real sockets while drainers, receivers and Redis are killed: every event that got a 200 is in one file, once.
 * HTTP_LOAD_REQUESTS=200000 makes the first load a long one, HTTP_REDIS_AWAY_MS=10000 the outage.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { HttpProgram } from '../helpers/http_programs.ts';
import { Load, NOTHING, numbersOnFile, wrongWith } from '../helpers/http_load.ts';
import { Program } from '../helpers/programs.ts';
import { verdictOn } from '../helpers/receivers.ts';
import { RedisServer } from '../helpers/redis_server.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const REQUESTS = Number(process.env.HTTP_LOAD_REQUESTS ?? 20_000);
const LONG_MS = 90_000 + REQUESTS * 5 + Number(process.env.HTTP_REDIS_AWAY_MS ?? 0);
const AWAY_MS = Number(process.env.HTTP_REDIS_AWAY_MS ?? 0);
const ENDLESS = 10_000_000;
const KILLS = 4;

/** All that waits in Redis is moved. */
async function drainRest(env: Readonly<Record<string, string>>): Promise<void> {
  await using drain = new Program('server_main.ts', ['drain', '--once'], env);
  const { code, stderr } = await drain.ended();
  expect(code, stderr).toBe(0);
}

/** Asks until it has an answer. */
async function post(url: string, path: string): Promise<Response> {
  let answer: Response | undefined;
  await until(
    `${path} is answered with 200`,
    async () => {
      answer = await fetch(url + path, { method: 'POST' }).catch(() => undefined);
      return answer?.status === 200;
    },
    30_000,
  );
  return answer as Response;
}

test('a drainer that is killed again and again', { timeout: LONG_MS }, async () => {
  await using folder = await temporaryFolder();
  await using redis = await RedisServer.start(['--appendfsync', 'everysec']);
  const env = { REDIS_URL: redis.url, OUTPUT_DIR: folder.path, DRAIN_INTERVAL: '0.05' };
  await using http = await HttpProgram.start({ ...env, HTTP_BUFFER: 'redis', DRAIN_ENABLED: 'false' });
  const stop = new AbortController();
  const singles = new Load({ url: http.url, requests: ENDLESS, signal: stop.signal });
  const arrays = new Load({ url: http.url, requests: REQUESTS / 10, eventsEach: 20, from: ENDLESS });
  let kills = 0;
  const answers = (): number => singles.kept.size + arrays.kept.size / 20;
  while (kills < KILLS || answers() < REQUESTS) {
    await using drainer = new Program('server_main.ts', ['drain'], env);
    const drains = 1 + (kills % 3);
    const drained = (): number => drainer.log.filter(({ msg }) => msg.startsWith('drained')).length;
    await until('it drains', () => drained() >= drains, 60_000);
    // Then somewhere in the middle of the next.
    await delay((kills * 17) % 100);
    kills += 1;
  }
  stop.abort();
  await Promise.all([singles.done, arrays.done]);
  expect([...singles.refused, ...arrays.refused]).toEqual([]);
  await drainRest(env);
  const files = await numbersOnFile(folder.in('logs'));
  expect(wrongWith(files, singles, arrays)).toEqual(NOTHING);
  if (process.env.HTTP_LOAD_REQUESTS !== undefined) {
    const { requestsPerSecond, p99Ms } = singles;
    process.stderr.write(
      `${Math.round(answers())} requests, ${files.size} events, ${kills} drainers killed; ${requestsPerSecond} requests/s, p99 ${p99Ms} ms\n`,
    );
  }
});

test.each(['none', 'archive'])(
  'Redis away for a while, and in its place: %s',
  { timeout: LONG_MS },
  async (fallback) => {
    await using folder = await temporaryFolder();
    await using redis = await RedisServer.start();
    const env = {
      REDIS_URL: redis.url,
      OUTPUT_DIR: folder.path,
      DATA_DIR: folder.in('data'),
      DRAIN_INTERVAL: '0.1',
      HTTP_BUFFER: 'redis',
      HTTP_BUFFER_FALLBACK: fallback,
    };
    await using http = await HttpProgram.start(env);
    const stop = new AbortController();
    const load = new Load({ url: http.url, requests: ENDLESS, signal: stop.signal });
    const hasKept = (more: number): Promise<void> => {
      const goal = load.kept.size + more;
      return until(`${more} more are kept`, () => load.kept.size >= goal, 60_000);
    };
    try {
      await hasKept(500);
      await redis.kill();
      if (fallback === 'archive') await hasKept(500);
      else await until('it says so', () => (load.refused.get(503) ?? 0) > 500, 60_000);
      await delay(AWAY_MS);
      await redis.again();
      await hasKept(500);
      await redis.kill();
      await redis.again();
      await hasKept(500);
    } finally {
      stop.abort();
      await load.done;
    }
    expect([...load.refused.keys()].filter((status) => status !== 503)).toEqual([]);
    await post(http.url, '/drain');
    await http.stop();
    const files = await numbersOnFile(folder.in('logs'));
    expect(wrongWith(files, load)).toEqual(NOTHING);
  },
);

test('a receiver that is killed again and again, the archive behind it', { timeout: LONG_MS }, async () => {
  await using folder = await temporaryFolder();
  const env = { OUTPUT_DIR: folder.path, DATA_DIR: folder.in('data') };
  let port = '0';
  const loads: Load[] = [];
  for (let round = 0; round < 4; round += 1) {
    await using http = await HttpProgram.start({ ...env, HTTP_PORT: port });
    port = String(http.port);
    const stop = new AbortController();
    const load = new Load({
      url: http.url,
      requests: ENDLESS,
      signal: stop.signal,
      from: loads.at(-1)?.next ?? 0,
      eventsEach: 1 + round,
    });
    loads.push(load);
    await until('some are kept', () => load.kept.size > 300 * (1 + round), 60_000);
    http.kill('SIGKILL');
    await http.ended();
    stop.abort();
    await load.done;
  }
  await using http = await HttpProgram.start(env);
  await post(http.url, '/drain');
  await http.stop();
  expect(await verdictOn(folder.in('data'))).toMatchObject({ code: 0 });
  const files = await numbersOnFile(folder.in('logs'));
  expect(wrongWith(files, ...loads)).toEqual(NOTHING);
});
