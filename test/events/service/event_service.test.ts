import { Int64 } from 'thrift';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  DuplicateConflict,
  Event,
  InvalidRequest,
  StoreUnavailable,
  UnknownProjection,
  VersionConflict,
} from '../../../src/thrift/generated/event_service_types.js';
import { compileThrift, startThriftPython } from '../../helpers/thrift_compiler.ts';
import { EventServer } from '../../helpers/event_services.ts';
import { PostgresServer } from '../../helpers/postgres_server.ts';
import { temporaryFolder } from '../../helpers/temp_folder.ts';

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await PostgresServer.start();
}, 120_000);
afterAll(() => postgres[Symbol.asyncDispose]());

const startOn = async (database: string, tokens: readonly string[] = []): Promise<EventServer> =>
  EventServer.start(
    { databaseUrl: postgres.url(database), folder: '', patienceMs: 100, maxPayloadBytes: 4 * 1024 * 1024 },
    { tokens },
  );

const start = async (tokens?: readonly string[]): Promise<EventServer> =>
  startOn(await postgres.createDatabase(), tokens);

const event = (id: string, type = 'made', payload = Buffer.from(id)): Event =>
  new Event({ id, type, timestamp: new Int64(1_700_000_000_123), payload });

describe('a client that knows append and consume alone', () => {
  interface Called {
    readonly call: string;
    readonly answer?: null;
    readonly type?: number;
    readonly error?: string;
  }

  test('stores and consumes in every protocol over every transport, and is told what went wrong', async () => {
    await using server = await start();
    await using folder = await temporaryFolder();
    const idl = 'test/samples/thrift/minimal_event_service.thrift';
    expect(compileThrift(idl, folder.path)).toMatchObject({ isTaken: true });
    await using python = startThriftPython('event_client.py', [folder.path, String(server.port)]);
    expect(await python.exited, python.stderr).toBe(0);
    const calls = python.messages() as unknown as Called[];
    const names = ['binary', 'compact', 'json'].flatMap((protocol) =>
      ['framed', 'framed named', 'buffered', 'buffered named'].map((transport) => `${protocol} ${transport}`),
    );
    expect(calls.map(({ call }) => call)).toEqual(
      names.flatMap((name) =>
        ['append', 'consume', 'again', 'other', 'invalid', 'after'].map((call) => `${name} ${call}`),
      ),
    );
    for (const { call, answer, error } of calls) {
      if (call.endsWith('other')) expect(error).toContain('other content is stored at position');
      else if (call.endsWith('invalid')) expect(error).toContain('id is empty');
      else expect(answer, call).toBeNull();
    }
    const stored = await server.store.read(0, 1000);
    expect(stored.map(({ id }) => id)).toEqual(
      names.flatMap((name) => ['a', 'c', 'd'].map((kind) => `${kind} ${name}`)),
    );
    for (const [index, name] of names.entries()) {
      const bytes = Buffer.concat([Uint8Array.from({ length: 256 }, (_, byte) => byte), Buffer.from(name)]);
      expect(stored[index * 3]).toMatchObject({
        type: 'appended',
        timestamp: 1_700_000_000_123n,
        payload: bytes,
      });
      expect(stored[index * 3 + 1]).toMatchObject({ type: 'consumed', timestamp: -(2n ** 62n) - 1n });
    }
    const { state } = await server.store.state('count_by_type');
    expect(state).toEqual({ appended: names.length, consumed: 2 * names.length });
  }, 60_000);
});

describe('a client that knows all methods', () => {
  test('reads, replays and asks for states as they are and were', async () => {
    await using server = await start();
    await using events = await server.remote();
    const made = (id: string, ms: number) => ({
      id,
      type: `t${ms % 2}`,
      timestamp: BigInt(ms),
      payload: Buffer.from('{}'),
    });
    expect(await events.appendAll([made('a', 1), made('b', 2)])).toEqual([{ position: 1 }, { position: 2 }]);
    expect(await events.appendAll([made('c', 3)], { stream: 's', expectedVersion: 0 })).toEqual([
      { position: 3 },
    ]);
    expect(await events.consume(made('d', 4))).toEqual({ position: 4 });
    expect(await events.read(0, 10)).toEqual(await server.store.read(0, 10));
    expect((await events.read(2, 1)).map(({ id, stream, version }) => ({ id, stream, version }))).toEqual([
      { id: 'c', stream: 's', version: 1 },
    ]);
    expect((await events.readByType('t0', 0, 10)).map(({ id }) => id)).toEqual(['b', 'd']);
    expect(await events.head()).toBe(4);
    const pages = await Array.fromAsync(events.replay({ from: 2, fromTimestamp: 3n }));
    expect(pages.flat().map(({ id }) => id)).toEqual(['c', 'd']);
    expect((await events.state('count_by_type')).state).toEqual({ t0: 2, t1: 2 });
    expect((await events.state('count_by_type', { timestamp: 2n })).state).toEqual({ t0: 1, t1: 1 });
    expect((await events.state('count_by_type', { position: 1 })).state).toEqual({ t1: 1 });
    expect(await events.verify()).toEqual(await server.store.verify());
    expect(await events.rebuild('count_by_type')).toBe(4);
  });

  test('is told by exceptions what it did wrong, and the connection goes on', async () => {
    await using server = await start();
    await using connection = await server.connect();
    const { client } = connection;
    await client.appendAll([event('one')]);
    const failures = [
      [() => client.appendAll([event('two'), event('one', 'other')]), DuplicateConflict, { id: 'one' }],
      [() => client.appendTo('s', [event('two')], new Int64(5)), VersionConflict, { stream: 's' }],
      [() => client.appendAll([event('two'), new Event()]), InvalidRequest, { index: 1 }],
      [() => client.appendAll([event('x'.repeat(513))]), InvalidRequest, {}],
      [() => client.appendAll([]), InvalidRequest, {}],
      [() => client.appendAll([event('nul \0')]), InvalidRequest, {}],
      [
        () => client.currentState('none'),
        UnknownProjection,
        { known: expect.arrayContaining(['count_by_type']) as string[] },
      ],
      [() => client.read(new Int64(0), 0), InvalidRequest, {}],
      [() => client.read(new Int64(0), 10_001), InvalidRequest, {}],
      [() => client.read(new Int64(-1), 10), InvalidRequest, {}],
      [() => client.replay(new Int64(1), new Int64('7fffffffffffffff')), InvalidRequest, {}],
    ] as const;
    for (const [call, Exception, fields] of failures) {
      const error = await (call() as Promise<unknown>).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Exception);
      expect(error).toMatchObject({ message: expect.stringMatching(/.{10}/) as string, ...fields });
    }
    expect(await client.projections()).toHaveLength(3);
    expect(Number(await client.head())).toBe(1);
  });

  test('replays in pages that say where the next one begins', async () => {
    await using server = await start();
    await using connection = await server.connect();
    const large = Buffer.alloc(3 * 1024 * 1024, 'x');
    for (const id of ['a', 'b', 'c', 'd']) await connection.client.appendAll([event(id, 'large', large)]);
    const first = await connection.client.replay(new Int64(1), new Int64(9));
    expect([first.events.length, first.hasMore, Number(first.readAfter)]).toEqual([3, true, 3]);
    const rest = await connection.client.replay(new Int64(4), new Int64(9));
    expect([rest.events.length, rest.hasMore, Number(rest.readAfter)]).toEqual([1, false, 4]);
    const none = await connection.client.replay(new Int64(5), new Int64(9));
    expect([none.hasMore, none.events]).toEqual([false, []]);
  });
});

test('appends of many clients share commits', async () => {
  const database = await postgres.createDatabase();
  await using server = await startOn(database);
  await using resources = new AsyncDisposableStack();
  const clients = await Promise.all(Array.from({ length: 20 }, () => server.connect()));
  for (const client of clients) resources.use(client);
  await Promise.all(
    clients.flatMap(({ client }, index) =>
      Array.from({ length: 10 }, (_, number) => client.append(event(`${index} ${number}`))),
    ),
  );
  const [row] = (await postgres.run(
    'SELECT count(*)::int AS events, count(DISTINCT xmin::text)::int AS commits FROM logferry.events',
    database,
  )) as { events: number; commits: number }[];
  expect(row?.events).toBe(200);
  expect(row?.commits).toBeLessThan(100);
});

test('a database that is away is told by an exception, and the same connection goes on when it is back', async () => {
  await using away = await PostgresServer.start();
  await using server = await EventServer.start({ databaseUrl: away.url(), folder: '', patienceMs: 100 });
  await using connection = await server.connect();
  const { client } = connection;
  await client.append(event('before'));
  await away.stop();
  await expect(client.appendAll([event('during')])).rejects.toBeInstanceOf(StoreUnavailable);
  await expect(client.head()).rejects.toBeInstanceOf(StoreUnavailable);
  await expect(client.append(event('during'))).rejects.toMatchObject({ name: 'TApplicationException' });
  await away.again();
  await client.consume(event('after'));
  const ids = (await server.store.read(0, 10)).map(({ id }) => id);
  expect(ids).toEqual(['before', 'after']);
}, 60_000);

test('where tokens are set one must be shown', async () => {
  await using server = await start(['secret']);
  await expect(server.connect('wrong')).rejects.toThrow();
  await using stranger = await server.connect();
  await expect(stranger.client.append(event('a'))).rejects.toThrow();
  await using known = await server.connect('secret');
  await known.client.append(event('b'));
  expect((await server.store.read(0, 10)).map(({ id }) => id)).toEqual(['b']);
});

test('what was asked before it stops is answered', async () => {
  await using server = await start();
  await using connection = await server.connect();
  const asked = Array.from({ length: 50 }, (_, number) => connection.client.append(event(`e${number}`)));
  await connection.client.head();
  await server.receiver[Symbol.asyncDispose]();
  const settled = await Promise.allSettled(asked);
  expect(settled.filter(({ status }) => status === 'rejected')).toEqual([]);
  await expect(connection.client.append(event('late'))).rejects.toThrow();
  expect(await server.store.head()).toBe(50);
});
