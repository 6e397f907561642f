/**
 * Several calls in one transaction:
 *
 *     lock the head ─▶ what is known of their ids and streams ─▶ plan ─▶ insert, new head ─▶ marks ─▶ projections
 *
 * The lock makes positions become visible in their order and without a gap: the next one is given after the commit.
 */
import type { AppendRequest, Appended } from './append_request.ts';
import type { StoredEvent } from './event.ts';
import { findEvents, insertEvents, lockHead, streamVersions } from './event_rows.ts';
import type { EventStoreError, ProjectionFailed } from './event_store_error.ts';
import { hashOf } from './hash_chain.ts';
import { saveMarks } from './marks.ts';
import { planAppend } from './plan_append.ts';
import type { Projector, Reached } from './projector.ts';
import type { Queries } from './sql.ts';

/** Where a call's events lie, or why it failed. */
export type AppendAnswer = readonly Appended[] | EventStoreError;

export interface AppendedTogether {
  readonly answers: readonly AppendAnswer[];
  /** For the projector, after the commit. */
  readonly reached: Reached;
}

const NOTHING_REACHED: Reached = { failures: [], advanced: [] };

/** Stores the calls' events and answers each. What it throws rolls back all of them. */
export async function appendTogether(
  tx: Queries,
  projector: Projector,
  requests: readonly AppendRequest[],
): Promise<AppendedTogether> {
  const ids = new Set(requests.flatMap(({ events }) => events.map(({ id }) => id)));
  const streams = new Set(requests.flatMap(({ stream }) => stream ?? []));
  const [head, known, versions] = await Promise.all([
    lockHead(tx),
    findEvents(tx, [...ids]),
    streamVersions(tx, [...streams]),
  ]);
  const { events, answers } = planAppend({ position: head.position, known, versions }, requests);
  const accepted = requests.filter((_, index) => !(answers[index] instanceof Error));
  const isConsumed = accepted.some((request) => request.isConsumed);
  const [reached] = await Promise.all([
    isConsumed ? projector.reach(tx, head.position, events) : NOTHING_REACHED,
    insertEvents(tx, chained(head.hash, events)),
    saveMarks(
      tx,
      accepted.flatMap(({ mark }) => mark ?? []),
    ),
  ]);
  return {
    answers: answers.map((answer, index) => failureOf(answer, requests[index], reached.failures) ?? answer),
    reached,
  };
}

function chained(
  before: Buffer,
  events: readonly StoredEvent[],
): readonly { readonly event: StoredEvent; readonly hash: Buffer }[] {
  let hash = before;
  return events.map((event) => ({ event, hash: (hash = hashOf(hash, event)) }));
}

/** Why a call that was to be consumed is not, though its events are stored. */
function failureOf(
  answer: AppendAnswer,
  request: AppendRequest | undefined,
  failures: readonly ProjectionFailed[],
): ProjectionFailed | undefined {
  if (answer instanceof Error || request?.isConsumed !== true) return undefined;
  const last = answer.reduce((most, { position }) => Math.max(most, position), 0);
  return failures.find(({ position }) => position <= last);
}
