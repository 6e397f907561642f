/** Pages of stored events, in the order of their positions, each bounded by a count and by bytes. */
import { EVENT_COLUMNS, eventOf } from './event_rows.ts';
import type { StoredEvent } from './event.ts';
import { EventStoreError } from './event_store_error.ts';
import type { Queries, SqlRow, SqlValue } from './sql.ts';

/** Which events: those that are after one position and up to another, and what else is asked of them. */
export interface EventFilter {
  readonly after: number;
  readonly upTo?: number;
  readonly type?: string;
  readonly fromTimestamp?: bigint;
  readonly toTimestamp?: bigint;
}

/** The most events that one page holds. */
export const MAX_PAGE_EVENTS = 10_000;

/** A page ends with the event that reaches this. */
const MAX_PAGE_BYTES = 8 * 1024 * 1024;

/** The first events that the filter lets pass, at most `limit`; none where there are no more. */
export const readPage = async (
  queries: Queries,
  filter: EventFilter,
  limit: number,
): Promise<readonly StoredEvent[]> => (await readRows(queries, EVENT_COLUMNS, filter, limit)).map(eventOf);

/** A page's rows with other columns, `payload` and `position` among them. */
export function readRows(
  queries: Queries,
  columns: string,
  filter: EventFilter,
  limit: number,
): Promise<readonly SqlRow[]> {
  const values: SqlValue[] = [];
  const value = (it: SqlValue): string => `$${values.push(it)}`;
  const conditions = conditionsOf(filter, value);
  // The bytes of the events before each one are summed where they lie: none is read that the page has no room for.
  const statement = `
    SELECT ${columns} FROM (
      SELECT ${columns}, sum(octet_length(payload)) OVER (ORDER BY position) - octet_length(payload) AS bytes_before
      FROM (
        SELECT ${columns} FROM logferry.events WHERE ${conditions.join(' AND ')}
        ORDER BY position LIMIT ${value(limit)}
      ) AS found
    ) AS page
    WHERE bytes_before < ${value(MAX_PAGE_BYTES)} ORDER BY position`;
  return queries.query(statement, values);
}

function conditionsOf(
  { after, upTo, type, fromTimestamp, toTimestamp }: EventFilter,
  value: (it: SqlValue) => string,
): string[] {
  const conditions = [`position > ${value(after)}`];
  if (upTo !== undefined) conditions.push(`position <= ${value(upTo)}`);
  if (type !== undefined) conditions.push(`type = ${value(type)}`);
  if (fromTimestamp !== undefined) conditions.push(`timestamp >= ${value(fromTimestamp)}`);
  if (toTimestamp !== undefined) conditions.push(`timestamp <= ${value(toTimestamp)}`);
  return conditions;
}

/** All pages, one after the other, until there is no more or `signal` aborts. */
export async function* readPages(
  queries: Queries,
  filter: EventFilter,
  limit: number,
  signal?: AbortSignal,
): AsyncGenerator<readonly StoredEvent[], void, undefined> {
  for (let after = filter.after; signal?.aborted !== true;) {
    const page = await readPage(queries, { ...filter, after }, limit);
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    after = last.position;
  }
}

/** Throws EventStoreError `invalid_request` where it is no position: 0, 1, 2 … */
export function checkPosition(name: string, position: number): void {
  if (!Number.isSafeInteger(position) || position < 0)
    throw new EventStoreError('invalid_request', `${name} is ${position}: expected a whole number from 0 on`);
}

export function checkLimit(limit: number): void {
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_PAGE_EVENTS)
    throw new EventStoreError('invalid_request', `limit is ${limit}: expected 1 to ${MAX_PAGE_EVENTS}`);
}
