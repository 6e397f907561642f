/**
 * Brings projections forward. States and how far they have come are changed in one transaction, under the lock of the
 * projection's row, so each event is in them once, whoever applies it and whenever he is killed.
 */
import type { StoredEvent } from './event.ts';
import { EventStoreError, ProjectionFailed } from './event_store_error.ts';
import { readPage } from './event_reader.ts';
import { readHead } from './event_rows.ts';
import { AT_START, fold, keysOf, type Folded, type Progress } from './fold.ts';
import type { Json, Projection } from './projection.ts';
import {
  loadStates,
  lockSlots,
  replaceSlot,
  resetSlot,
  saveProgress,
  saveStates,
  shadowOf,
  slotOf,
} from './projection_rows.ts';
import { saveSnapshot } from './snapshots.ts';
import type { Queries, Sql } from './sql.ts';

/** Events that are applied in one transaction. */
const PAGE = 2000;

/** A projection, the row it is kept in, and what is to be applied to it there. */
interface Step {
  readonly projection: Projection;
  readonly slot: string;
  readonly from: Progress;
  readonly events: readonly StoredEvent[];
}

/** How far a step came. */
interface Advanced {
  readonly slot: string;
  readonly from: Progress;
  readonly folded: Folded;
}

/** What `reach` did, for `committed` once its transaction has. */
export interface Reached {
  /** Those that can't. */
  readonly failures: readonly ProjectionFailed[];
  readonly advanced: readonly Advanced[];
}

/** A projection is so far behind that it can't be brought forward while others wait to append. */
export class TooFarBehind extends Error {
  override readonly name = 'TooFarBehind';
}

export interface ProjectorOptions {
  readonly sql: Sql;
  readonly projections: readonly Projection[];
  readonly snapshotEvery: number;
  /** A snapshot could not be kept: all goes on without it. */
  readonly snapshotFailed: (error: Error) => void;
}

export class Projector {
  readonly #options: ProjectorOptions;
  /** What threw, by slot: it is not asked again while it stands there. */
  readonly #failures = new Map<string, ProjectionFailed>();

  constructor(options: ProjectorOptions) {
    this.#options = options;
  }

  /** Within the transaction that stored `events` behind the position `before`: has all projections reach the last of them. Throws TooFarBehind. */
  async reach(tx: Queries, before: number, events: readonly StoredEvent[]): Promise<Reached> {
    const { projections } = this.#options;
    const progress = await lockSlots(tx, projections.map(slotOf));
    const steps: Step[] = [];
    const failures: ProjectionFailed[] = [];
    for (const projection of projections) {
      const slot = slotOf(projection);
      const from = progress.get(slot) ?? AT_START;
      const failure = this.#failureAt(slot, from);
      if (failure !== undefined) failures.push(failure);
      else steps.push({ projection, slot, from, events: await eventsSince(tx, from, before, events) });
    }
    const advanced = await this.#advance(tx, steps);
    return { failures: [...failures, ...advanced.flatMap(({ folded }) => folded.failure ?? [])], advanced };
  }

  /** Remembers what failed and keeps the snapshots that are due. Never rejects. */
  async committed(advanced: readonly Advanced[]): Promise<void> {
    const { sql, snapshotEvery, snapshotFailed } = this.#options;
    for (const { slot, from, folded } of advanced) {
      if (folded.failure !== undefined) this.#failures.set(slot, folded.failure);
      const passed = Math.floor(folded.progress.position / snapshotEvery);
      if (passed === Math.floor(from.position / snapshotEvery)) continue;
      await saveSnapshot(sql, slot).catch(snapshotFailed);
    }
  }

  /** Brings all of them to about the last event, a page at a time. */
  async catchUpAll(): Promise<void> {
    for (const projection of this.#options.projections) await this.catchUp(projection).catch(unlessFailed);
  }

  /** Brings a projection to the event that is the last one now. Rejects with ProjectionFailed. */
  async catchUp(projection: Projection, slot = slotOf(projection), signal?: AbortSignal): Promise<void> {
    const { position: goal } = await readHead(this.#options.sql);
    for (let position = -1; position < goal;) {
      signal?.throwIfAborted();
      const page = await this.#options.sql.transaction((tx) => this.#page(tx, projection, slot, goal));
      if (page === undefined) return;
      await this.committed([page]);
      ({ position } = page.folded.progress);
    }
  }

  /** Makes it anew from the first event. Its old state stands until the new one has reached it. */
  async rebuild(projection: Projection, signal?: AbortSignal): Promise<number> {
    const { sql } = this.#options;
    const [slot, shadow] = [slotOf(projection), shadowOf(projection)];
    this.#failures.delete(slot);
    this.#failures.delete(shadow);
    await sql.transaction((tx) => resetSlot(tx, shadow));
    await this.catchUp(projection, shadow, signal);
    return sql.transaction(async (tx) => {
      const reached = await lockSlots(tx, [slot, shadow]);
      const goal = reached.get(slot)?.position ?? 0;
      let position = reached.get(shadow)?.position;
      // Another rebuild was quicker.
      if (position === undefined) return goal;
      while (position !== undefined && position < goal)
        position = (await this.#page(tx, projection, shadow, goal))?.folded.progress.position;
      const progress = (await lockSlots(tx, [shadow])).get(shadow) ?? AT_START;
      await replaceSlot(tx, slot, shadow, progress);
      return progress.position;
    });
  }

  /** Applies the next page of events to a slot, on its way to `goal`; undefined where the slot is gone. Throws ProjectionFailed. */
  async #page(
    tx: Queries,
    projection: Projection,
    slot: string,
    goal: number,
  ): Promise<Advanced | undefined> {
    const from = (await lockSlots(tx, [slot])).get(slot);
    if (from === undefined) return undefined;
    const known = this.#failureAt(slot, from);
    if (known !== undefined) throw known;
    const events = await readPage(tx, { after: from.position }, PAGE);
    if (events.length === 0 && from.position < goal) throw missing(from.position + 1, goal);
    const [page] = await this.#advance(tx, [{ projection, slot, from, events }]);
    // What came before the event that fails is kept; the next page says that it fails.
    if (page?.folded.failure !== undefined && page.folded.progress.position === from.position) {
      this.#failures.set(slot, page.folded.failure);
      throw page.folded.failure;
    }
    return page;
  }

  async #advance(tx: Queries, steps: readonly Step[]): Promise<readonly Advanced[]> {
    const wanted = steps.flatMap(({ projection, slot, events }) =>
      [...keysOf(projection, events)].map((key) => ({ slot, key })),
    );
    const states = new Map<string, Map<string, Json>>(steps.map(({ slot }) => [slot, new Map()]));
    for (const { slot, key, state } of await loadStates(tx, wanted)) states.get(slot)?.set(key, state);
    const advanced = steps.map(({ projection, slot, from, events }) => ({
      slot,
      from,
      folded: fold(projection, from, states.get(slot) ?? new Map<string, Json>(), events),
    }));
    await save(tx, advanced);
    return advanced;
  }

  /** Why a slot that stands there goes no further, where it is known. */
  #failureAt(slot: string, { position }: Progress): ProjectionFailed | undefined {
    const failure = this.#failures.get(slot);
    return failure?.position === position + 1 ? failure : undefined;
  }
}

async function save(tx: Queries, advanced: readonly Advanced[]): Promise<void> {
  const changed = advanced.flatMap(({ slot, folded }) =>
    [...folded.changed].map(([key, state]) => ({ slot, key, state })),
  );
  const moved = advanced.filter(({ from, folded }) => folded.progress.position !== from.position);
  const progress = new Map(moved.map(({ slot, folded }) => [slot, folded.progress]));
  await Promise.all([saveStates(tx, changed), saveProgress(tx, progress)]);
}

/** Events that were there, by the head, and are not. */
const missing = (position: number, head: number): EventStoreError =>
  new EventStoreError(
    'refused',
    `events ${position} to ${head} are missing from the store: \`events verify\` says what else is`,
  );

/** What a projection has yet to apply: stored events up to `before`, and the new ones behind it. */
async function eventsSince(
  tx: Queries,
  from: Progress,
  before: number,
  events: readonly StoredEvent[],
): Promise<readonly StoredEvent[]> {
  if (from.position === before) return events;
  if (before - from.position > PAGE) throw new TooFarBehind();
  const missed = await readPage(tx, { after: from.position, upTo: before }, PAGE);
  if (missed.at(-1)?.position !== before) throw new TooFarBehind();
  return [...missed, ...events];
}

function unlessFailed(error: unknown): void {
  if (!(error instanceof ProjectionFailed)) throw error;
}
