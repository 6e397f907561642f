/** What only a server can do: several processes at once, roles, lost connections and restarts. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEventStore, type EventStore, type EventStoreOptions } from '../../src/events/event_store.ts';
import { SCHEMA_VERSION } from '../../src/events/migrations.ts';
import { openPostgres } from '../../src/events/postgres_sql.ts';
import { codeOf } from '../helpers/errors.ts';
import { allEvents, eventOf, eventsOf } from '../helpers/event_engines.ts';
import { Program } from '../helpers/programs.ts';
import { PostgresServer } from '../helpers/postgres_server.ts';
import { quietPort } from '../helpers/quiet_port.ts';
import { until } from '../helpers/until.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

const open = (
  database: string,
  { role, ...options }: Partial<EventStoreOptions> & { role?: string } = {},
): Promise<EventStore> => openEventStore({ folder: '', databaseUrl: server.url(database, role), ...options });

/** Those of a database, or of them those for which a condition holds. The answer is how many there were. */
async function endSessions(database: string, condition = 'true'): Promise<number> {
  const sessions = `FROM pg_stat_activity WHERE datname = '${database}' AND ${condition}`;
  return (await server.run(`SELECT pg_terminate_backend(pid) ${sessions}`)).length;
}

test('stores that append at once share one order, in which a reader misses nothing', async () => {
  const database = await server.createDatabase();
  // All of them make the tables, too.
  const stores = await Promise.all([open(database), open(database), open(database)]);
  const stop = new AbortController();
  const seen: number[] = [];
  const reading = (async () => {
    for await (const page of stores[0].subscribe(0, stop.signal))
      seen.push(...page.map(({ position }) => position));
  })();
  await Promise.all(
    stores.map(async (store, writer) => {
      for (let turn = 0; turn < 25; turn += 1)
        await Promise.all([
          store.appendAll(eventsOf(10_000 * writer + turn * 10, 9)),
          store.consume(eventOf(10_000 * writer + turn * 10 + 9)),
          store.append(eventOf(100_000 + turn)),
          // Brings it forward beside those that consume.
          store.state('count_by_type'),
        ]);
    }),
  );
  await until('the reader has seen all', () => seen.length >= 775);
  stop.abort();
  await reading;
  expect(seen).toEqual(Array.from({ length: 775 }, (_, index) => index + 1));
  const [store] = stores;
  expect(await store.verify()).toMatchObject({ events: 775, problems: [] });
  expect(await store.state('count_by_type')).toMatchObject({ state: { 'thing.happened': 775 } });
  for (const each of stores) await each[Symbol.asyncDispose]();
});

test('a transaction that has not ended yet holds back those behind it, not the readers', async () => {
  const database = await server.createDatabase();
  await using store = await open(database);
  await store.append(eventOf(1));
  await using sql = await openPostgres(server.url(database));
  let appended: Promise<unknown> = Promise.resolve();
  let isAppended = false;
  await sql.transaction(async (tx) => {
    await tx.query('SELECT position FROM logferry.event_head FOR UPDATE');
    appended = store.append(eventOf(2)).then(() => (isAppended = true));
    await until('it waits', async () => {
      const waiting = await sql.query(`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'`);
      return waiting.length > 0;
    });
    expect(await store.read(0, 10)).toHaveLength(1);
    expect(isAppended).toBe(false);
  });
  await appended;
  expect(await store.read(0, 10)).toHaveLength(2);
});

test('sessions that are ended in the middle of appends lose nothing and repeat nothing', async () => {
  const database = await server.createDatabase();
  await using store = await open(database, { patienceMs: 60_000 });
  let isDone = false;
  const working = Promise.all(
    Array.from({ length: 20 }, async (_, writer) => {
      for (let turn = 0; turn < 20; turn += 1) await store.consume(eventOf(100 * writer + turn));
    }),
  ).finally(() => (isDone = true));
  await using sql = await openPostgres(server.url(database));
  await sql.transaction(async (tx) => {
    await tx.query('SELECT position FROM logferry.event_head FOR UPDATE');
    const inTransaction = `wait_event_type = 'Lock'`;
    await until('appends wait in theirs', async () => (await endSessions(database, inTransaction)) > 0);
  });
  for (let ended = 0; !isDone && ended < 20; ended += 1) {
    const before = await store.head().catch(() => 0);
    await endSessions(database);
    await until('it goes on', async () => isDone || (await store.head().catch(() => 0)) > before);
  }
  await working;
  expect(await store.verify()).toMatchObject({ events: 400, problems: [] });
  expect(await store.state('count_by_type')).toMatchObject({
    position: 400,
    state: { 'thing.happened': 400 },
  });
});

test('a subscription and appends go on over a restart of the server', async () => {
  await using own = await PostgresServer.start();
  const told: string[] = [];
  await using store = await openEventStore({
    folder: '',
    databaseUrl: own.url(),
    patienceMs: 60_000,
    troubled: () => told.push('away'),
    recovered: () => told.push('there'),
  });
  const stop = new AbortController();
  const seen: number[] = [];
  const reading = (async () => {
    for await (const page of store.subscribe(0, stop.signal))
      seen.push(...page.map(({ position }) => position));
  })();
  await store.append(eventOf(1));
  await until('the first was seen', () => seen.length === 1);
  await own.kill();
  const appended = store.append(eventOf(2));
  await until('it is known that the server is away', () => told.length > 0);
  await own.again();
  expect(await appended).toEqual({ position: 2, isNew: true });
  await until('the second was seen', () => seen.length === 2);
  expect(told).toEqual(['away', 'there']);
  // kill -9 of one session: the server ends all of them and recovers.
  const consumed = Promise.all(eventsOf(3, 100).map((event) => store.consume(event)));
  const [session] = (await own.run(
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'logferry' ORDER BY state_change DESC",
  )) as { pid: number }[];
  process.kill(session?.pid ?? NaN, 'SIGKILL');
  await consumed;
  await until('all were seen', () => seen.length >= 102);
  expect(seen).toEqual(Array.from({ length: 102 }, (_, index) => index + 1));
  const counts = (): Promise<unknown> => store.state('count_by_type').then(({ state }) => state);
  let counted: unknown;
  await until(
    'it has recovered',
    async () => (counted = await counts().catch(() => undefined)) !== undefined,
  );
  expect(counted).toEqual({ 'thing.happened': 102 });
  stop.abort();
  await reading;
});

test('a server that is not there is unavailable', async () => {
  const databaseUrl = `postgres://postgres@127.0.0.1:${await quietPort()}/postgres`;
  await expect(openEventStore({ folder: '', databaseUrl })).rejects.toMatchObject({ code: 'unavailable' });
});

test('the role of the program may append and consume, and change nothing that is stored', async () => {
  const database = await server.createDatabase();
  await server.run('CREATE ROLE "the app" LOGIN');
  await server.run(`REVOKE CREATE ON DATABASE ${database} FROM PUBLIC`);
  expect(await codeOf(() => open(database, { role: 'the app' }))).toBe('refused');
  await using grant = new Program('server_main.ts', ['events', 'grant', 'the app'], {
    DATABASE_URL: server.url(database),
  });
  expect(await grant.ended()).toMatchObject({ code: 0, stderr: '' });
  await using store = await open(database, { role: 'the app', snapshotEvery: 2 });
  await store.append(eventOf(1), { stream: 's', expectedVersion: 0 });
  await store.consume(eventOf(2));
  await store.appendAll([eventOf(3)], { mark: { name: 'm', value: 'v' } });
  await store.forgetMark('m');
  expect(await store.rebuild('count_by_type')).toBe(3);
  expect(await store.state('count_by_type', { position: 2 })).toMatchObject({
    state: { 'thing.happened': 2 },
  });
  await using app = await openPostgres(server.url(database, 'the app'));
  for (const statement of [
    "UPDATE logferry.events SET type = 'x'",
    'DELETE FROM logferry.events',
    'TRUNCATE logferry.events',
    'ALTER TABLE logferry.events DISABLE TRIGGER ALL',
    'DROP TABLE logferry.events',
    'DROP FUNCTION logferry.refuse_change CASCADE',
    'DELETE FROM logferry.event_head',
    'UPDATE logferry.schema_version SET version = 0',
    "SET session_replication_role = 'replica'",
  ])
    expect(await codeOf(() => app.query(statement)), statement).toBe('refused');
  expect(await store.verify()).toMatchObject({ events: 3, problems: [] });
});

test('tables of a later version, and a database that can’t hold every text, are not touched', async () => {
  const database = await server.createDatabase();
  await (await open(database))[Symbol.asyncDispose]();
  await server.run(`UPDATE logferry.schema_version SET version = ${SCHEMA_VERSION + 1}`, database);
  await expect(open(database)).rejects.toMatchObject({
    code: 'schema_newer',
    message: expect.stringContaining(
      `version ${SCHEMA_VERSION + 1}, and this program knows ${SCHEMA_VERSION}`,
    ) as string,
  });
  await server.run(`CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1'`);
  await expect(open('latin')).rejects.toMatchObject({ code: 'refused' });
  expect(await codeOf(() => open('missing'))).toBe('refused');
});

test('a session that stands still in a transaction is ended, and every plan goes by an index', async () => {
  await using sql = await openPostgres(server.url());
  const settings = ['idle_in_transaction_session_timeout', 'enable_seqscan', 'jit'];
  const rows = await Promise.all(settings.map((name) => sql.query('SELECT current_setting($1)', [name])));
  expect(rows.flat(2)).toEqual(['10s', 'off', 'off']);
});

test('events of many calls come back in one order', async () => {
  const database = await server.createDatabase();
  await using store = await open(database);
  await Promise.all(Array.from({ length: 30 }, (_, call) => store.appendAll(eventsOf(call * 100, 100))));
  const events = await allEvents(store);
  expect(events.map(({ position }) => position)).toEqual(
    Array.from({ length: 3000 }, (_, index) => index + 1),
  );
  for (let call = 0; call < 30; call += 1) {
    const first = events.findIndex(({ id }) => id === `event-${call * 100}`);
    expect(events.slice(first, first + 100).map(({ id }) => id)).toEqual(
      eventsOf(call * 100, 100).map(({ id }) => id),
    );
  }
});
