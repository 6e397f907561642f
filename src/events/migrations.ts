/** The tables, as steps from nothing to now. A step that was released is never changed: what comes later is a further one. */
import { EventStoreError } from './event_store_error.ts';
import type { Queries, Sql } from './sql.ts';

/**
 * All of it lies in the schema `logferry`. Events have one row each, in the order of their positions; `event_head` is the last
 * one's position and hash, and whoever appends holds its lock, so positions become visible in their order.
 */
const FIRST = `
  CREATE TABLE logferry.events (
    position bigint PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    type text COLLATE "C" NOT NULL,
    timestamp bigint NOT NULL,
    payload bytea NOT NULL,
    stream text COLLATE "C",
    version bigint,
    hash bytea NOT NULL,
    CHECK ((stream IS NULL) = (version IS NULL))
  );
  CREATE INDEX events_type ON logferry.events (type, position);
  CREATE UNIQUE INDEX events_stream ON logferry.events (stream, version) WHERE stream IS NOT NULL;

  CREATE TABLE logferry.event_head (
    one integer PRIMARY KEY CHECK (one = 1),
    position bigint NOT NULL,
    hash bytea NOT NULL
  );
  INSERT INTO logferry.event_head VALUES (1, 0, decode(repeat('00', 32), 'hex'));

  CREATE FUNCTION logferry.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    RAISE EXCEPTION 'events are never changed or removed' USING ERRCODE = 'insufficient_privilege';
  END
  $$;
  CREATE TRIGGER events_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON logferry.events
    FOR EACH STATEMENT EXECUTE FUNCTION logferry.refuse_change();
  ALTER TABLE logferry.events ENABLE ALWAYS TRIGGER events_stay;

  CREATE TABLE logferry.event_marks (name text COLLATE "C" PRIMARY KEY, value text NOT NULL);

  CREATE TABLE logferry.projections (
    slot text COLLATE "C" PRIMARY KEY,
    position bigint NOT NULL,
    latest bigint
  );
  CREATE TABLE logferry.projection_states (
    slot text COLLATE "C",
    key text COLLATE "C",
    state text NOT NULL,
    PRIMARY KEY (slot, key)
  );
  CREATE TABLE logferry.projection_snapshots (
    slot text COLLATE "C",
    position bigint,
    latest bigint,
    states text NOT NULL,
    PRIMARY KEY (slot, position)
  );
`;

const STEPS: readonly string[] = [FIRST];

/** The version of the tables that this program knows. */
export const SCHEMA_VERSION = STEPS.length;

/** Any number that is nobody else's: those who migrate wait for each other by it. */
const MIGRATION_LOCK = 7_106_119_350_442_127;

const PRIVILEGES = `
  GRANT USAGE ON SCHEMA logferry TO ROLE;
  GRANT SELECT ON ALL TABLES IN SCHEMA logferry TO ROLE;
  GRANT INSERT ON logferry.events TO ROLE;
  GRANT UPDATE ON logferry.event_head TO ROLE;
  GRANT INSERT, UPDATE, DELETE ON logferry.event_marks, logferry.projections, logferry.projection_states,
    logferry.projection_snapshots TO ROLE;
`;

/**
 * Brings the tables to SCHEMA_VERSION; any number of processes may at once. Rejects with `schema_newer` where they are beyond
 * that, and with `refused` where the role may not make them.
 */
export async function migrate(sql: Sql): Promise<void> {
  await checkEncoding(sql);
  if ((await schemaVersion(sql)) === SCHEMA_VERSION) return;
  await sql.transaction(async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    const version = await schemaVersion(tx);
    if (version === SCHEMA_VERSION) return;
    if (version === 0) {
      await tx.query('CREATE SCHEMA IF NOT EXISTS logferry');
      await tx.query('CREATE TABLE logferry.schema_version (version integer NOT NULL)');
      await tx.query('INSERT INTO logferry.schema_version VALUES (0)');
    }
    for (const step of STEPS.slice(version)) await tx.script(step);
    await tx.query('UPDATE logferry.schema_version SET version = $1', [SCHEMA_VERSION]);
  });
}

/** Lets a role append, read and consume, and no more: what is stored it can't change. To be run by the tables' owner. */
export async function grantTo(sql: Sql, role: string): Promise<void> {
  await sql.script(PRIVILEGES.replaceAll('ROLE', () => `"${role.replaceAll('"', '""')}"`));
}

/** From the catalogue's own table: `to_regclass` may remember that there was none before the lock was waited for. */
const TABLES = `SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = 'logferry' AND tablename = 'schema_version'`;

async function schemaVersion(queries: Queries): Promise<number> {
  const tables = await queries.query(TABLES);
  if (tables.length === 0) return 0;
  const [row] = await queries.query('SELECT version FROM logferry.schema_version');
  const version = Number(row?.[0] ?? 0);
  if (version > SCHEMA_VERSION)
    throw new EventStoreError(
      'schema_newer',
      `the event store's tables are of version ${version}, and this program knows ${SCHEMA_VERSION}: it is too old for them`,
    );
  return version;
}

async function checkEncoding(queries: Queries): Promise<void> {
  const [row] = await queries.query(`SELECT current_setting('server_encoding')`);
  if (row?.[0] !== 'UTF8')
    throw new EventStoreError(
      'refused',
      `the database is encoded as ${String(row?.[0])}: expected UTF8, or ids and types could not be kept`,
    );
}
