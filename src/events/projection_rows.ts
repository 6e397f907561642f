/**
 * Projections as rows. A projection has a slot for each of its versions, and one more while it is made anew: how far it has
 * come, its states by key, and snapshots of both.
 */
import type { Progress } from './fold.ts';
import type { Json, Projection } from './projection.ts';
import type { Queries, SqlRow } from './sql.ts';

export const slotOf = ({ name, version }: Projection): string => `${name}@${version}`;

/** Where it is made anew, beside its old states. */
export const shadowOf = (projection: Projection): string => `${slotOf(projection)} anew`;

/** States that are written or asked for; `slot` and `key` name one. */
export interface StateRow {
  readonly slot: string;
  readonly key: string;
  /** JSON. */
  readonly state: string;
}

const CREATE = `
  INSERT INTO logferry.projections (slot, position) SELECT slot, 0 FROM unnest($1::text[]) AS slot
  ON CONFLICT DO NOTHING`;

/** Makes the slots that are not there yet, at the start. */
export const createSlots = async (queries: Queries, slots: readonly string[]): Promise<unknown> =>
  queries.query(CREATE, [slots]);

const LOCK = `
  SELECT slot, position, latest FROM logferry.projections WHERE slot = ANY($1::text[]) ORDER BY slot FOR UPDATE`;

/** How far these slots are; they are this transaction's alone. All take them in one order, so none waits in a circle. */
export const lockSlots = async (
  tx: Queries,
  slots: readonly string[],
): Promise<ReadonlyMap<string, Progress>> =>
  new Map((await tx.query(LOCK, [slots])).map(([slot, ...row]) => [slot as string, progressOf(row)]));

const progressOf = ([position, latest]: SqlRow): Progress => ({
  position: Number(position),
  latest: (latest ?? undefined) as bigint | undefined,
});

const LOAD = `
  SELECT slot, key, state FROM logferry.projection_states
  JOIN unnest($1::text[], $2::text[]) AS wanted (slot, key) USING (slot, key)`;

/** The states of some keys, as far as there are any. */
export async function loadStates(
  tx: Queries,
  wanted: readonly { readonly slot: string; readonly key: string }[],
): Promise<readonly { readonly slot: string; readonly key: string; readonly state: Json }[]> {
  if (wanted.length === 0) return [];
  const rows = await tx.query(LOAD, [wanted.map(({ slot }) => slot), wanted.map(({ key }) => key)]);
  return rows.map(([slot, key, state]) => ({
    slot: slot as string,
    key: key as string,
    state: JSON.parse(state as string) as Json,
  }));
}

const SAVE = `
  INSERT INTO logferry.projection_states (slot, key, state)
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) AS changed (slot, key, state)
  ON CONFLICT (slot, key) DO UPDATE SET state = excluded.state`;

export async function saveStates(tx: Queries, rows: readonly StateRow[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(SAVE, [
    rows.map(({ slot }) => slot),
    rows.map(({ key }) => key),
    rows.map(({ state }) => state),
  ]);
}

const ADVANCE = `
  UPDATE logferry.projections SET position = now.position, latest = now.latest
  FROM json_to_recordset($1::json) AS now (slot text, position bigint, latest bigint)
  WHERE projections.slot = now.slot`;

export async function saveProgress(tx: Queries, progress: ReadonlyMap<string, Progress>): Promise<void> {
  if (progress.size === 0) return;
  const rows = [...progress].map(([slot, { position, latest }]) => ({
    slot,
    position,
    latest: latest?.toString(),
  }));
  await tx.query(ADVANCE, [JSON.stringify(rows)]);
}

const ALL = `
  SELECT position, key, state FROM logferry.projections LEFT JOIN logferry.projection_states USING (slot)
  WHERE slot = $1`;

/** How far a slot is, and all of its states, as of one moment. */
export async function readStates(
  queries: Queries,
  slot: string,
): Promise<{ readonly position: number; readonly states: Map<string, Json> }> {
  const rows = await queries.query(ALL, [slot]);
  const states = rows.filter(([, key]) => key !== null);
  return {
    position: Number(rows[0]?.[0] ?? 0),
    states: new Map(states.map(([, key, state]) => [key as string, JSON.parse(state as string) as Json])),
  };
}

const RESET = `
  INSERT INTO logferry.projections (slot, position) VALUES ($1, 0)
  ON CONFLICT (slot) DO UPDATE SET position = 0, latest = NULL`;
const DROP_STATES = 'DELETE FROM logferry.projection_states WHERE slot = $1';
const DROP_SNAPSHOTS = 'DELETE FROM logferry.projection_snapshots WHERE slot = $1';

/** Puts a slot at the start, with nothing in it. */
export async function resetSlot(tx: Queries, slot: string): Promise<void> {
  await tx.query(RESET, [slot]);
  await tx.query(DROP_STATES, [slot]);
  await tx.query(DROP_SNAPSHOTS, [slot]);
}

const TAKE_STATES = 'UPDATE logferry.projection_states SET slot = $2 WHERE slot = $1';
const TAKE_SNAPSHOTS = 'UPDATE logferry.projection_snapshots SET slot = $2 WHERE slot = $1';
const DROP_SLOT = 'DELETE FROM logferry.projections WHERE slot = $1';

/** Has `slot` hold what `shadow` holds, which is then no more. Both are locked. */
export async function replaceSlot(
  tx: Queries,
  slot: string,
  shadow: string,
  progress: Progress,
): Promise<void> {
  await resetSlot(tx, slot);
  await tx.query(TAKE_STATES, [shadow, slot]);
  await tx.query(TAKE_SNAPSHOTS, [shadow, slot]);
  await tx.query(DROP_SLOT, [shadow]);
  await saveProgress(tx, new Map([[slot, progress]]));
}
