/** The commands of the event store, on the store itself and by its service; their words, and how they end. */
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { append } from '../../../src/tools/events/append.ts';
import type { Events } from '../../../src/tools/events/events.ts';
import {
  printEvents,
  printState,
  replayEvents,
  tailEvents,
  verifyEvents,
} from '../../../src/tools/events/print.ts';
import { EventServer } from '../../helpers/event_services.ts';
import { PostgresServer } from '../../helpers/postgres_server.ts';
import { Program } from '../../helpers/programs.ts';
import { temporaryFolder } from '../../helpers/temp_folder.ts';
import { until } from '../../helpers/until.ts';

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await PostgresServer.start();
});
afterAll(() => postgres[Symbol.asyncDispose]());

/** What a command prints. */
async function printed(command: (output: PassThrough) => Promise<unknown>): Promise<string> {
  const output = new PassThrough({ highWaterMark: 1 << 30 });
  await command(output);
  output.end();
  return text(output);
}

const objectsIn = (lines: string): unknown[] =>
  lines
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);

const NO_INPUT = Readable.from([]);
const LINES = [
  '{"type":"a","id":"2","timestamp":2000,"payload":{"n":2}}',
  '',
  '{"type":"b","id":"3","timestamp":3000}',
];

describe.each(['the store itself', 'a service'])('by %s', (way) => {
  test('events are appended, read, replayed, tailed and made states of', async () => {
    await using server = await EventServer.start({
      databaseUrl: postgres.url(await postgres.createDatabase()),
      folder: '',
    });
    await using remote = await server.remote();
    const events: Events = way === 'a service' ? remote : server.store;
    const one = { type: 'a', id: '1', time: '1970-01-01T00:00:01Z', stream: 's', expect: '0' };
    expect(objectsIn(await printed((to) => append(events, '{"n":1}', one, NO_INPUT, to)))).toEqual([
      { position: 1, id: '1' },
    ]);
    const lines = Readable.from(LINES.map((line) => Buffer.from(`${line}\n`)));
    expect(objectsIn(await printed((to) => append(events, undefined, {}, lines, to)))).toEqual([
      { position: 2, id: '2' },
      { position: 3, id: '3' },
    ]);
    await expect(append(events, 'x', { ...one, id: '4' }, NO_INPUT, new PassThrough())).rejects.toThrow(
      'is at version 1',
    );
    const all = objectsIn(await printed((to) => printEvents(events, {}, to)));
    expect(all).toMatchObject([
      { position: 1, id: '1', type: 'a', timestamp: 1000, stream: 's', version: 1, payload: { n: 1 } },
      { position: 2, payload: { n: 2 } },
      { position: 3, payload_base64: '' },
    ]);
    expect(objectsIn(await printed((to) => printEvents(events, { after: '1', limit: '1' }, to)))).toEqual([
      all[1],
    ]);
    expect(objectsIn(await printed((to) => printEvents(events, { type: 'b', limit: '0' }, to)))).toEqual([
      all[2],
    ]);
    expect(objectsIn(await printed((to) => replayEvents(events, { first: '2' }, to)))).toEqual(all.slice(1));
    const until2 = { last: '3', since: '1970-01-01T00:00:01Z', until: '1970-01-01T00:00:02Z' };
    expect(objectsIn(await printed((to) => replayEvents(events, until2, to)))).toEqual(all.slice(0, 2));
    const states = await Promise.all(
      [{}, { at: '1970-01-01T00:00:01Z' }, { position: '2' }].map((flags) =>
        printed((to) => printState(events, 'count_by_type', flags, to)),
      ),
    );
    expect(states.map((state) => (JSON.parse(state) as { state: unknown }).state)).toEqual([
      { a: 2, b: 1 },
      { a: 1 },
      { a: 2 },
    ]);
    expect(await printed((to) => verifyEvents(events, false, to))).toMatch(
      /^clean: .* 3 events, the last at 3, its hash [0-9a-f]{64}\n$/,
    );
    await expectTail(events);
  });
});

async function expectTail(events: Events): Promise<void> {
  const stop = new AbortController();
  const output = new PassThrough();
  let seen = '';
  output.on('data', (bytes: Buffer) => (seen += bytes.toString()));
  const tail = tailEvents(events, '2', stop.signal, output);
  await until('what is there is shown', () => seen.includes('"id":"3"'));
  await append(events, 'x', { type: 'late', id: '9' }, NO_INPUT, new PassThrough());
  await until('what comes is shown', () => seen.includes('"id":"9"'));
  stop.abort();
  await tail;
  expect(objectsIn(seen)).toHaveLength(2);
}

describe('what is wrong is said', () => {
  test('of flags and lines', async () => {
    await using server = await EventServer.start({
      databaseUrl: postgres.url(await postgres.createDatabase()),
      folder: '',
    });
    const { store } = server;
    const to = new PassThrough();
    await expect(append(store, 'payload', {}, NO_INPUT, to)).rejects.toThrow('a payload needs --type');
    await expect(append(store, '', { type: 't', expect: 'x' }, NO_INPUT, to)).rejects.toThrow(
      '--expect is x',
    );
    await expect(append(store, '', { type: 't', time: 'x' }, NO_INPUT, to)).rejects.toThrow(
      '"x" is not a time',
    );
    const lines = Readable.from([Buffer.from('{"type":"a"}\n{"type":1}\n{"type":"c"}\n')]);
    await expect(append(store, undefined, {}, lines, to)).rejects.toThrow('line 2: type: expected a text');
    expect(await store.head()).toBe(1);
    await expect(printEvents(store, { limit: '-1' }, to)).rejects.toThrow('--limit is -1');
    await expect(printState(store, 'count_by_type', { at: '1d', position: '1' }, to)).rejects.toThrow(
      '--at and --position',
    );
  });

  test('by the program, with its exit code; a service ends in order, and where it has the folder it is named', async () => {
    await using folder = await temporaryFolder();
    const env = { DATA_DIR: folder.path };
    const run = async (...args: string[]) => {
      await using program = new Program('server_main.ts', ['events', ...args], env);
      return await program.ended();
    };
    await using service = new Program('server_main.ts', ['events', 'serve', '--events-port', '0'], env);
    await until('it listens', () => service.stdout.includes('EventService on'), 60_000);
    const server = `127.0.0.1:${/"eventsPort":(\d+)/.exec(service.stdout)?.[1] ?? ''}`;
    const ended = await Promise.all([
      run('append', '--type', 't', '--id', 'i', 'x', '--server', server),
      run('read'),
      run('read', '--server', 'nowhere'),
      run('state', 'none', '--server', server),
    ]);
    expect(ended.map(({ code }) => code)).toEqual([0, 1, 2, 1]);
    const [appended, inUse, noAddress, unknown] = ended;
    expect(appended?.stdout).toBe('{"position":1,"id":"i"}\n');
    expect(inUse?.stderr).toContain('--server host:port');
    expect(noAddress?.stderr).toContain('expected host:port');
    expect(unknown?.stderr).toContain('there is no projection "none"');
    service.kill('SIGTERM');
    expect(await service.ended()).toMatchObject({ code: 0 });
  });
});
