/** The command `http`, and HTTP beside TCP, as a user runs them. */
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { ask, EVENT } from '../helpers/http_receivers.ts';
import { HttpProgram } from '../helpers/http_programs.ts';
import { Program, ReceiverProgram } from '../helpers/programs.ts';
import { archivedLines } from '../helpers/receivers.ts';
import { RedisServer } from '../helpers/redis_server.ts';
import { temporaryFolder, type TemporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const post = (url: string, body: object, headers = {}): ReturnType<typeof ask> =>
  ask(`${url}/log`, { method: 'POST', headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify(body) });

const foldersIn = (folder: TemporaryFolder): Record<string, string> => ({
  DATA_DIR: folder.in('data'),
  OUTPUT_DIR: folder.path,
});

const urlOf = ({ log }: Program): string =>
  `http://127.0.0.1:${String(log.find((line) => line.httpPort !== undefined)?.httpPort)}`;

const BUFFERS: readonly (readonly [string, Record<string, string>])[] = [
  ['the archive', {}],
  ['Redis', { HTTP_BUFFER: 'redis', DRAIN_INTERVAL: '0.1' }],
  [
    'Redis, and the archive',
    { HTTP_BUFFER: 'redis', HTTP_BUFFER_FALLBACK: 'archive', DRAIN_INTERVAL: '0.1' },
  ],
];

describe.each(BUFFERS)('with %s behind it', (_, env) => {
  test('what got its 200 is there to be asked for at once, and once, wherever it lies', async () => {
    await using folder = await temporaryFolder();
    await using redis = await RedisServer.start();
    await using http = await HttpProgram.start({ ...foldersIn(folder), REDIS_URL: redis.url, ...env });
    const numbers: number[] = [];
    const begun = performance.now();
    // Long enough for most of it to have moved meanwhile.
    for (let n = 0; n < 40 || performance.now() - begun < 1500; n += 1) {
      expect((await post(http.url, { ...EVENT, n })).status).toBe(200);
      numbers.push(n);
      const { body } = await ask(`${http.url}/users/ada/logs?limit=100000`);
      expect((body as { logs: { n: number }[] }).logs.map((entry) => entry.n)).toEqual(numbers);
    }
    const drained = await ask(`${http.url}/drain`, { method: 'POST' });
    expect(drained).toMatchObject({ status: 200, body: { status: 'ok' } });
    const stats = await ask(`${http.url}/stats`);
    const day = { day: 19_675, buffered: 0, on_file: numbers.length };
    expect(stats.body).toMatchObject({ users: [{ user_id: 'ada', days: [day] }], more: false });
    const file = await readFile(folder.in('logs', 'user_ada', '19675.jsonl'), 'utf8');
    expect(file).toBe(numbers.map((n) => `${JSON.stringify({ ...EVENT, n })}\n`).join(''));
    await http.stop();
  });
});

test('entries are found by day, time and event; users come in pages', async () => {
  await using folder = await temporaryFolder();
  await using http = await HttpProgram.start(foldersIn(folder));
  const DAY = 86_400;
  const events = [0, 1, 2].flatMap((day) =>
    ['login', 'logout'].map((event, n) => ({ user_id: 'a/b ☃', event, timestamp: day * DAY + 100 * n })),
  );
  expect((await post(http.url, events)).body).toEqual({ status: 'ok', accepted: 6 });
  for (const user_id of ['b', 'c', 'x'.repeat(5000)]) await post(http.url, { ...EVENT, user_id });
  const logs = async (query: string): Promise<unknown> => {
    const { body } = await ask(`${http.url}/users/${encodeURIComponent('a/b ☃')}/logs${query}`);
    return body;
  };
  expect(await logs('')).toEqual({ logs: events, more: false });
  expect(await logs('?day=1')).toEqual({ logs: events.slice(2, 4), more: false });
  expect(await logs('?event=logout')).toEqual({
    logs: events.filter(({ event }) => event === 'logout'),
    more: false,
  });
  expect(await logs(`?from=${DAY}&to=${DAY + 100}`)).toEqual({ logs: events.slice(2, 3), more: false });
  expect(await logs('?limit=4')).toEqual({ logs: events.slice(0, 4), more: true });
  expect(await logs('?limit=6')).toEqual({ logs: events, more: false });
  expect(await logs('?day=77')).toEqual({ logs: [], more: false });
  const users: string[] = [];
  for (let more = true; more;) {
    const after = users.length === 0 ? '' : `&after=${encodeURIComponent(users.at(-1) ?? '')}`;
    const { body } = await ask(`${http.url}/stats?limit=1${after}`);
    const page = body as { users: { user_id: string }[]; more: boolean };
    expect(page.users).toHaveLength(1);
    users.push(...page.users.map(({ user_id }) => user_id));
    more = page.more;
  }
  expect(users.toSorted()).toEqual(['a/b ☃', 'b', 'c', 'x'.repeat(5000)].toSorted());
});

test('beside TCP it shares the archive, the tokens and their withdrawal', async () => {
  await using folder = await temporaryFolder();
  await writeFile(folder.in('tokens'), 'first\n');
  await using program = await ReceiverProgram.start(folder.in('data'), {
    env: {
      HTTP_ENABLED: 'true',
      HTTP_PORT: '0',
      OUTPUT_DIR: folder.path,
      AUTH_TOKENS_FILE: folder.in('tokens'),
    },
  });
  const url = urlOf(program);
  expect((await post(url, EVENT)).status).toBe(401);
  expect((await post(url, EVENT, { authorization: 'Bearer first' })).status).toBe(200);
  await writeFile(folder.in('tokens'), 'second\n');
  program.kill('SIGHUP');
  await until('the tokens are read again', async () => {
    return (await post(url, EVENT, { authorization: 'Bearer second' })).status === 200;
  });
  expect((await post(url, EVENT, { authorization: 'Bearer first' })).status).toBe(401);
  const drained = await ask(`${url}/drain`, { method: 'POST', headers: { authorization: 'Bearer second' } });
  expect(drained.status).toBe(200);
  program.kill('SIGTERM');
  expect((await program.ended()).code).toBe(0);
  expect((await archivedLines(folder.in('data'), '@http')).length).toBeGreaterThan(1);
  expect((await readdir(folder.in('logs'))).filter((name) => name.startsWith('user_'))).toEqual(['user_ada']);
});

test('[server] of its file is its own', async () => {
  await using folder = await temporaryFolder();
  await writeFile(
    folder.in('config.toml'),
    '[server]\nhost = "127.0.0.1"\nport = 0\n[drainer]\ninterval_seconds = 2\n[rate_limit]\nrequests_per_minute = 1\n',
  );
  await using program = new Program(
    'server_main.ts',
    ['http', '--config', folder.in('config.toml')],
    foldersIn(folder),
  );
  await until('it listens', () => program.log.some(({ httpPort }) => httpPort !== undefined));
  const url = urlOf(program);
  expect([(await post(url, EVENT)).status, (await post(url, EVENT)).status]).toEqual([200, 429]);
});

test('without them neither the HTTP framework nor the clients of Redis and NATS are loaded', async () => {
  await using folder = await temporaryFolder();
  const env = { NODE_V8_COVERAGE: folder.in('loaded') };
  await using program = await ReceiverProgram.start(folder.in('data'), { env });
  program.kill('SIGTERM');
  expect((await program.ended()).code).toBe(0);
  const [name = ''] = await readdir(folder.in('loaded'));
  const { result } = JSON.parse(await readFile(folder.in('loaded', name), 'utf8')) as {
    result: { url: string }[];
  };
  const urls = result.map(({ url }) => url);
  expect(urls.some((url) => url.endsWith('/receiver/receiver.ts'))).toBe(true);
  const unwanted = /node_modules\/(fastify|@?redis|@nats-io)\/|\/http\/|\/jetstream\//;
  expect(urls.filter((url) => unwanted.test(url))).toEqual([]);
});
