/** The archive followed into an event store, on a real PostgreSQL. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEventStore, type EventStore } from '../../src/events/event_store.ts';
import { eventsOutput } from '../../src/outputs/events.ts';
import { followArchive } from '../../src/outputs/follower.ts';
import { AT_START, type OutputPlan } from '../../src/outputs/output.ts';
import { writeArchive } from '../helpers/archives.ts';
import { EPOCH, makeBlocks, numberedLines } from '../helpers/blocks.ts';
import { FaultPair } from '../helpers/fault_pair.ts';
import { PostgresServer } from '../helpers/postgres_server.ts';
import { Program } from '../helpers/programs.ts';
import { rowsFrom } from '../helpers/rows.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

let postgres: PostgresServer;
let databaseUrl: string;
let store: EventStore;
beforeAll(async () => {
  postgres = await PostgresServer.start();
  databaseUrl = postgres.url(await postgres.createDatabase());
  store = await openEventStore({ databaseUrl, folder: '' });
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
  await postgres[Symbol.asyncDispose]();
});

const planOf = (folder: string, maxPayloadBytes = 1000): OutputPlan =>
  eventsOutput({
    folder,
    place: 'postgres',
    open: () => Promise.resolve(store),
    isOwn: false,
    maxPayloadBytes,
  });

const TEN = numberedLines('any', 0, 10);

const after = async (place: number) => (await Array.fromAsync(store.replay({ from: place + 1 }))).flat();

test('what was not saved when it broke off comes again, and is there once', async () => {
  await using folder = await temporaryFolder();
  const before = await store.head();
  const entries = Array.from({ length: 4500 }, (_, n) => ({ n, level: 'info' }));
  const rows = rowsFrom(entries, 'torn-1');
  const state = {
    ...AT_START,
    position: { segment: 'logs_20260131_120000.jsonl.gz', offset: 5 },
    entries: 4500,
  };
  {
    await using output = await planOf(folder.path).open();
    await output.write(rows);
  }
  expect(await store.head()).toBe(before + 4000);
  {
    await using output = await planOf(folder.path).open();
    expect(output.saved).toBeUndefined();
    await output.write(rows);
    await output.save(state);
  }
  await using output = await planOf(folder.path).open();
  expect(output.saved).toEqual(state);
  const events = await after(before);
  expect(events.map(({ id }) => id)).toEqual(entries.map(({ n }) => `torn-1/${EPOCH}/1/${n}`));
  expect(events.map(({ payload }) => JSON.parse(payload.toString()) as unknown)).toEqual(entries);
});

test('entries that are there with other content stay as they are, and it goes on', async () => {
  await using folder = await temporaryFolder();
  const before = await store.head();
  const long = rowsFrom([{ n: 1 }, { text: 'x'.repeat(600) }, { n: 3 }], 'other-1');
  {
    await using output = await planOf(folder.path, 500).open();
    await output.write(long);
    await output.save(AT_START);
  }
  await planOf(folder.path).reset();
  const findings: string[] = [];
  await using output = await planOf(folder.path, 1000).open((finding) => findings.push(finding));
  await output.write(long);
  await output.write(rowsFrom([{}], 'other-2'));
  await output.save(AT_START);
  expect(findings).toEqual([expect.stringContaining(`other-1/${EPOCH}/1/1`)]);
  expect(await after(before)).toHaveLength(4);
  expect((await planOf(folder.path).open()).saved).toEqual(AT_START);
});

test('parts of a block are numbered on, blocks begin anew', async () => {
  await using folder = await temporaryFolder();
  const before = await store.head();
  await using output = await planOf(folder.path).open();
  const [first, second] = [rowsFrom([{}, {}], 'parts-1'), rowsFrom([{}], 'parts-2')];
  await output.write(first);
  await output.write(first);
  await output.write(second);
  await output.save(AT_START);
  expect((await after(before)).map(({ id }) => id.replace(`/${EPOCH}/1/`, ' '))).toEqual([
    'parts-1 0',
    'parts-1 1',
    'parts-1 2',
    'parts-1 3',
    'parts-2 0',
  ]);
});

test('two archives go into one store, each from its own place; written anew nothing is there twice', async () => {
  await using one = await temporaryFolder();
  await using two = await temporaryFolder();
  const before = await store.head();
  const follow = (folder: string) =>
    followArchive({
      folder,
      plan: planOf(folder),
      isOnce: true,
      signal: new AbortController().signal,
      found: () => undefined,
    });
  await writeArchive(one.path, await makeBlocks(1, 3, { shipperId: 'one', text: TEN }));
  await writeArchive(two.path, await makeBlocks(1, 2, { shipperId: 'two', text: TEN }));
  expect(await follow(one.path)).toMatchObject({ entries: 30 });
  expect(await follow(two.path)).toMatchObject({ entries: 20 });
  expect(await store.head()).toBe(before + 50);
  await planOf(one.path).reset();
  expect(await follow(one.path)).toMatchObject({ entries: 30 });
  await writeArchive(one.path, await makeBlocks(4, 4, { shipperId: 'one', text: TEN }));
  expect(await follow(one.path)).toMatchObject({ entries: 40 });
  expect(await store.head()).toBe(before + 60);
});

test('kill -9 of the follower, wherever it is: every entry is an event once, and states are made of all of them', async () => {
  await using folder = await temporaryFolder();
  const [blocks, count] = [20, 1000];
  await writeArchive(
    folder.path,
    await makeBlocks(1, blocks, { shipperId: 'killed', text: numberedLines('killed', 0, count) }),
  );
  const before = await store.head();
  const env = { DATA_DIR: folder.path, DATABASE_URL: databaseUrl };
  const follow = (...args: string[]) =>
    new Program('server_main.ts', ['follow', '--output', 'events', ...args], env);
  for (const share of [0.1, 0.4]) {
    await using follower = follow();
    const enough = before + share * blocks * count;
    await until('it has written some', async () => (await store.head()) > enough, 60_000);
    expect(await FaultPair.kill(follower), follower.stderr).toBe(true);
  }
  await using last = follow('--once');
  expect(await last.ended()).toMatchObject({ code: 0 });
  const events = await after(before);
  expect(events).toHaveLength(blocks * count);
  expect(new Set(events.map(({ id }) => id)).size).toBe(blocks * count);
  expect(last.stdout).toContain(`holds ${blocks * count} entries`);
  expect(await store.verify()).toMatchObject({ problemCount: 0 });
  const state = (await store.state('count_by_type', { position: before + 5000 })).state as Record<
    string,
    number
  >;
  expect(Object.values(state).reduce((sum, number) => sum + number, 0)).toBe(before + 5000);
});
