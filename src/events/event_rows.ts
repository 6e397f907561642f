/** Events as rows of the table, in and out. */
import type { StoredEvent } from './event.ts';
import { NO_HASH } from './hash_chain.ts';
import type { Queries, SqlRow } from './sql.ts';

/** The columns that `eventOf` reads, in its order. */
export const EVENT_COLUMNS = 'position, id, type, timestamp, payload, stream, version';

export function eventOf([position, id, type, timestamp, payload, stream, version]: SqlRow): StoredEvent {
  const event = {
    position: Number(position),
    id: id as string,
    type: type as string,
    timestamp: timestamp as bigint,
    payload: payload as Buffer,
  };
  return stream === null ? event : { ...event, stream: stream as string, version: Number(version) };
}

/** The last event's place, and its hash. */
export interface Head {
  readonly position: number;
  readonly hash: Buffer;
}

const HEAD = 'SELECT position, hash FROM logferry.event_head WHERE one = 1';

/** Of a store that has no event: position 0. */
export const readHead = async (queries: Queries): Promise<Head> => headOf(await queries.query(HEAD));

/** The head, for this transaction alone: whoever else appends, in any process, waits for its end. */
export const lockHead = async (tx: Queries): Promise<Head> => headOf(await tx.query(`${HEAD} FOR UPDATE`));

const headOf = ([row]: readonly SqlRow[]): Head => ({
  position: Number(row?.[0] ?? 0),
  hash: (row?.[1] ?? NO_HASH) as Buffer,
});

const KNOWN = `SELECT ${EVENT_COLUMNS} FROM logferry.events WHERE id = ANY($1::text[])`;

/** Stored events that have one of these ids. */
export const findEvents = async (queries: Queries, ids: readonly string[]): Promise<StoredEvent[]> =>
  (await queries.query(KNOWN, [ids])).map(eventOf);

const VERSIONS = `
  SELECT name, (SELECT version FROM logferry.events WHERE stream = name ORDER BY version DESC LIMIT 1)
  FROM unnest($1::text[]) AS name`;

/** How many events each of these streams holds. */
export async function streamVersions(
  queries: Queries,
  streams: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (streams.length === 0) return new Map();
  const rows = await queries.query(VERSIONS, [streams]);
  return new Map(rows.map(([name, version]) => [name as string, Number(version ?? 0)]));
}

/** Who subscribes listens to it. */
export const CHANNEL = 'logferry_events';

/**
 * One statement for any number of rows, which moves the head and tells those who listen too. Bytes are hex digits in JSON: that
 * is quicker than a parameter for each value.
 */
const INSERT = `
  WITH stored AS (
    INSERT INTO logferry.events (position, id, type, timestamp, payload, stream, version, hash)
    SELECT position, id, type, timestamp, decode(payload, 'base64'), stream, version, decode(hash, 'hex')
    FROM json_to_recordset($1::json) AS row (position bigint, id text, type text, timestamp bigint, payload text,
      stream text, version bigint, hash text)
  ), head AS (
    UPDATE logferry.event_head SET position = $2, hash = decode($3, 'hex') WHERE one = 1
  )
  SELECT pg_notify('${CHANNEL}', '')`;

/** Stores events behind the head, with their hashes. */
export async function insertEvents(
  tx: Queries,
  events: readonly { readonly event: StoredEvent; readonly hash: Buffer }[],
): Promise<void> {
  const last = events.at(-1);
  if (last === undefined) return;
  const rows = events.map(({ event, hash }) => ({
    ...event,
    timestamp: String(event.timestamp),
    payload: event.payload.toString('base64'),
    hash: hash.toString('hex'),
  }));
  await tx.query(INSERT, [JSON.stringify(rows), last.event.position, last.hash.toString('hex')]);
}
