import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Projection } from '../../src/events/projection.ts';
import { codeOf } from '../helpers/errors.ts';
import { ENGINES, eventOf, eventsOf, type Engine } from '../helpers/event_engines.ts';
import { until } from '../helpers/until.ts';

const [, start] = ENGINES[1] ?? [];
let engine: Engine;
beforeAll(async () => {
  if (start === undefined) throw new Error('there is no second engine');
  engine = await start();
});
afterAll(() => engine[Symbol.asyncDispose]());

const count: Projection<number> = {
  name: 'count',
  version: 1,
  help: '',
  initial: 0,
  apply: (sum) => sum + 1,
};

const snapshots = async (): Promise<number> =>
  (await engine.sql.query('SELECT 1 FROM logferry.projection_snapshots')).length;

test('states that are too large for a snapshot are not kept as one, and all goes on', async () => {
  await using store = await engine.fresh({ projections: [count], snapshotEvery: 1 });
  for (const event of eventsOf(1, 3)) await store.consume(event);
  await until('they are kept', async () => (await snapshots()) === 3);
  await engine.sql.query(
    `INSERT INTO logferry.projection_states SELECT 'count@1', 'key ' || n, to_json(repeat('x', 1000000)) FROM generate_series(1, 9) AS n`,
  );
  for (const event of eventsOf(4, 3)) await store.consume(event);
  await store.append(eventOf(7));
  expect(await snapshots()).toBe(3);
  expect(await store.state('count', { position: 6 })).toMatchObject({ state: 6 });
});

test('a snapshot that can’t be kept harms nobody, and is told', async () => {
  const told: string[] = [];
  await using store = await engine.fresh({
    projections: [count],
    snapshotEvery: 1,
    snapshotFailed: ({ message }) => told.push(message),
  });
  await engine.sql.script('ALTER TABLE logferry.projection_snapshots RENAME TO elsewhere');
  expect(await store.consume(eventOf(1))).toMatchObject({ position: 1 });
  expect(await store.consume(eventOf(2))).toMatchObject({ position: 2 });
  expect(await store.state('count')).toMatchObject({ state: 2 });
  expect(told[0]).toContain('projection_snapshots');
});

test('where the last events are gone, states and consume say so, and append goes on', async () => {
  await using store = await engine.fresh({ projections: [count] });
  await store.appendAll(eventsOf(1, 3));
  await engine.sql.script(
    'ALTER TABLE logferry.events DISABLE TRIGGER events_stay; DELETE FROM logferry.events WHERE position = 3',
  );
  await expect(store.state('count')).rejects.toThrow('events 3 to 3 are missing');
  expect(await codeOf(() => store.consume(eventOf(4)))).toBe('refused');
  expect(await codeOf(() => store.rebuild('count'))).toBe('refused');
  expect(await store.append(eventOf(5))).toEqual({ position: 4, isNew: true });
});

test('an event at which a projection throws, but which was not stored, is no failure of another one', async () => {
  const picky: Projection<number> = {
    ...count,
    apply(sum, { id }) {
      if (id === 'event-1') throw new Error('not this one');
      return sum + 1;
    },
  };
  await using store = await engine.fresh({ projections: [picky] });
  // It is the commit that fails, when all else was done.
  await engine.sql.script(`
    CREATE FUNCTION logferry.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.id = 'event-1' THEN RAISE EXCEPTION USING ERRCODE = '23514'; END IF;
      RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON logferry.events
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION logferry.refuse()`);
  expect(await codeOf(() => store.consume(eventOf(1)))).toBe('refused');
  expect(await store.consume(eventOf(2))).toEqual({ position: 1, isNew: true });
  expect(await store.state('count')).toMatchObject({ position: 1, state: 1 });
});
