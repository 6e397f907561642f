/** How far writers have come, in their own words, by the names they gave. */
import type { Mark } from './append_request.ts';
import { checkName } from './event.ts';
import type { Queries } from './sql.ts';

const MAX_NAME_BYTES = 512;
const MAX_VALUE_BYTES = 1024 * 1024;

/** Throws EventStoreError `invalid_event` where the store can't keep it. */
export function checkMark({ name, value }: Mark): void {
  checkName('mark', name, MAX_NAME_BYTES);
  checkName('value of the mark', value, MAX_VALUE_BYTES);
}

const SAVE = `
  INSERT INTO logferry.event_marks (name, value) VALUES ($1, $2)
  ON CONFLICT (name) DO UPDATE SET value = excluded.value`;

export async function saveMarks(tx: Queries, marks: readonly Mark[]): Promise<void> {
  await Promise.all(marks.map(({ name, value }) => tx.query(SAVE, [name, value])));
}

/** A mark's value as it was saved last; undefined where none was. */
export async function readMark(queries: Queries, name: string): Promise<string | undefined> {
  const [row] = await queries.query('SELECT value FROM logferry.event_marks WHERE name = $1', [name]);
  return row?.[0] as string | undefined;
}

export async function forgetMark(queries: Queries, name: string): Promise<void> {
  await queries.query('DELETE FROM logferry.event_marks WHERE name = $1', [name]);
}
