/** The databases an event store runs on, started once for many stores. */
import { migrate } from '../../src/events/migrations.ts';
import { EventStore } from '../../src/events/event_store.ts';
import type { EventStoreOptions } from '../../src/events/event_store.ts';
import type { NewEvent, StoredEvent } from '../../src/events/event.ts';
import { openPglite } from '../../src/events/pglite_sql.ts';
import { openPostgres } from '../../src/events/postgres_sql.ts';
import type { Sql } from '../../src/events/sql.ts';
import { PostgresServer } from './postgres_server.ts';
import { temporaryFolder } from './temp_folder.ts';

export type StoreOptions = Omit<EventStoreOptions, 'folder' | 'databaseUrl'>;

export interface Engine extends AsyncDisposable {
  /** For statements behind the store's back. */
  readonly sql: Sql;
  /** An empty store; closing it leaves the database open. */
  fresh(options?: StoreOptions): Promise<EventStore>;
  /** One more store on what the last one has. */
  another(options?: StoreOptions): Promise<EventStore>;
}

export const ENGINES: readonly (readonly [name: string, start: () => Promise<Engine>])[] = [
  ['PostgreSQL', startPostgres],
  ['PGlite', startPglite],
];

async function startPostgres(): Promise<Engine> {
  const server = await PostgresServer.start();
  const sql = await openPostgres(server.url());
  return engine(sql, server);
}

async function startPglite(): Promise<Engine> {
  const folder = await temporaryFolder();
  return engine(await openPglite(folder.path), folder);
}

function engine(sql: Sql, place: AsyncDisposable): Engine {
  const kept: Sql = {
    query: (statement, values) => sql.query(statement, values),
    script: (statements) => sql.script(statements),
    transaction: (work, purpose) => sql.transaction(work, purpose),
    listen: (channel, notified) => sql.listen(channel, notified),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const another = (options: StoreOptions = {}): Promise<EventStore> =>
    EventStore.create(kept, { ...options, folder: '' });
  return {
    sql,
    another,
    async fresh(options) {
      await sql.script('DROP SCHEMA IF EXISTS logferry CASCADE');
      await migrate(sql);
      return another(options);
    },
    async [Symbol.asyncDispose]() {
      await sql[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    },
  };
}

/** An event of a number: the same number is the same event. */
export const eventOf = (number: number, changes: Partial<NewEvent> = {}): NewEvent => ({
  id: `event-${number}`,
  type: 'thing.happened',
  timestamp: 1_700_000_000_000n + BigInt(number),
  payload: Buffer.from(`{"number":${number}}`),
  ...changes,
});

export const eventsOf = (from: number, count: number, changes: Partial<NewEvent> = {}): NewEvent[] =>
  Array.from({ length: count }, (_, index) => eventOf(from + index, changes));

/** All events of a store. */
export async function allEvents(store: EventStore): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  for await (const page of store.replay()) events.push(...page);
  return events;
}
