/** A projection's states as they were at some positions, so that its past need not be made from the first event. */
import { AT_START, type Progress } from './fold.ts';
import type { PointInTime } from './point_in_time.ts';
import { lockSlots } from './projection_rows.ts';
import type { Json } from './projection.ts';
import type { Queries, Sql } from './sql.ts';

/** With so many of a projection every second one goes, so that they stay spread over all of the past. */
const MAX_SNAPSHOTS = 64;

/** States beyond this are not kept: a snapshot is one text, which the database makes in memory. */
const MAX_STATES = 50_000;
const MAX_BYTES = 8 * 1024 * 1024;

export interface Snapshot {
  readonly progress: Progress;
  readonly states: Map<string, Json>;
}

const SIZE = `
  SELECT count(*), coalesce(sum(octet_length(key) + octet_length(state)), 0)::bigint FROM (
    SELECT key, state FROM logferry.projection_states WHERE slot = $1 LIMIT ${MAX_STATES + 1}
  ) AS counted`;

/** Made by the database itself, of what it holds: an array of pairs of key and state. */
const SAVE = `
  INSERT INTO logferry.projection_snapshots (slot, position, latest, states)
  SELECT slot, position, latest, (
    SELECT '[' || coalesce(string_agg('[' || to_json(key) || ',' || state || ']', ',' ORDER BY key), '') || ']'
    FROM logferry.projection_states AS of_slot WHERE of_slot.slot = projections.slot
  )
  FROM logferry.projections WHERE slot = $1
  ON CONFLICT DO NOTHING`;

const THIN_OUT = `
  DELETE FROM logferry.projection_snapshots WHERE slot = $1 AND position IN (
    SELECT position FROM (
      SELECT position, row_number() OVER (ORDER BY position) AS number, count(*) OVER () AS count
      FROM logferry.projection_snapshots WHERE slot = $1
    ) AS numbered WHERE count > $2 AND number % 2 = 1
  )`;

/** Keeps what a slot holds now, unless that is too much: its past is then made from an older one. */
export async function saveSnapshot(sql: Sql, slot: string): Promise<void> {
  const [row] = await sql.query(SIZE, [slot]);
  if (Number(row?.[0]) > MAX_STATES || Number(row?.[1]) > MAX_BYTES) return;
  await sql.transaction(async (tx) => {
    // Nobody puts other states in their place meanwhile.
    await lockSlots(tx, [slot]);
    await tx.query(SAVE, [slot]);
    await tx.query(THIN_OUT, [slot, MAX_SNAPSHOTS]);
  });
}

const LAST = `
  SELECT position, latest, states FROM logferry.projection_snapshots
  WHERE slot = $1 AND position <= $2 ORDER BY position DESC LIMIT 1`;

/** All events of it were no later than that time: those that were would have to be taken out of it again. */
const LAST_OF_TIME = `
  SELECT position, latest, states FROM logferry.projection_snapshots
  WHERE slot = $1 AND latest <= $2 ORDER BY position DESC LIMIT 1`;

/** The last snapshot from which a point in the past can be reached; the start where there is none. */
export async function snapshotBefore(queries: Queries, slot: string, at: PointInTime): Promise<Snapshot> {
  const [row] =
    'position' in at
      ? await queries.query(LAST, [slot, at.position])
      : await queries.query(LAST_OF_TIME, [slot, at.timestamp]);
  if (row === undefined) return { progress: AT_START, states: new Map() };
  const [position, latest, states] = row;
  return {
    progress: { position: Number(position), latest: (latest ?? undefined) as bigint | undefined },
    states: new Map(JSON.parse(states as string) as [string, Json][]),
  };
}
