/** What a projection's state was: made of the last snapshot before then and the events behind it. */
import { EventStoreError } from './event_store_error.ts';
import { checkPosition, readPages } from './event_reader.ts';
import { readHead } from './event_rows.ts';
import { fold, type Progress } from './fold.ts';
import type { PointInTime } from './point_in_time.ts';
import type { Json, Projection } from './projection.ts';
import { slotOf } from './projection_rows.ts';
import { snapshotBefore } from './snapshots.ts';
import type { Queries } from './sql.ts';

const PAGE = 5000;

export interface StatesAt {
  readonly position: number;
  readonly states: Map<string, Json>;
}

/** Rejects with ProjectionFailed where an event on the way makes it throw, and `invalid_request` for a position not there yet. */
export async function statesAt(
  queries: Queries,
  projection: Projection,
  at: PointInTime,
  signal?: AbortSignal,
): Promise<StatesAt> {
  const { position: head } = await readHead(queries);
  if ('position' in at) checkPast(at.position, head);
  const { progress, states } = await snapshotBefore(queries, slotOf(projection), at);
  const upTo = 'position' in at ? at.position : head;
  const bounds = { after: progress.position, upTo, ...('timestamp' in at && { toTimestamp: at.timestamp }) };
  let reached: Progress = progress;
  for await (const page of readPages(queries, bounds, PAGE)) {
    const folded = fold(projection, reached, states, page);
    if (folded.failure !== undefined) throw folded.failure;
    reached = folded.progress;
    signal?.throwIfAborted();
  }
  return { position: upTo, states };
}

function checkPast(position: number, head: number): void {
  checkPosition('position', position);
  if (position > head)
    throw new EventStoreError('invalid_request', `position is ${position}: the last event's is ${head}`);
}
