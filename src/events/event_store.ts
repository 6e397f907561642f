/**
 * Events in one order, for good, and what projections make of them:
 *
 *     append, appendAll, consume ─▶ appender (calls that come together) ─▶ append_transaction ─▶ database
 *     read, replay, subscribe    ◀─ pages of event_reader             ◀──────────────────────────┤
 *     state                      ◀─ projector, snapshots, state_at    ◀──────────────────────────┘
 */
import { Appender } from './appender.ts';
import type { Appended, AppendRequest } from './append_request.ts';
import { checkEvent, checkStream, type NewEvent, type StoredEvent } from './event.ts';
import { checkLimit, checkPosition, readPage, readPages } from './event_reader.ts';
import { readHead } from './event_rows.ts';
import { EventStoreError } from './event_store_error.ts';
import type {
  AppendAllOptions,
  AppendOptions,
  EventStoreOptions,
  ProjectionState,
  ReplayRange,
} from './event_store_options.ts';
import { stateOf } from './fold.ts';
import { checkMark, forgetMark, readMark } from './marks.ts';
import { migrate } from './migrations.ts';
import { openPglite } from './pglite_sql.ts';
import type { PointInTime } from './point_in_time.ts';
import { openPostgres } from './postgres_sql.ts';
import { createSlots, readStates, slotOf } from './projection_rows.ts';
import type { Projection } from './projection.ts';
import { BUILT_IN_PROJECTIONS } from './projections/built_in.ts';
import { Projector } from './projector.ts';
import type { Sql } from './sql.ts';
import { statesAt } from './state_at.ts';
import { Subscriptions } from './subscription.ts';
import { verifyEvents, type VerifyReport } from './verify.ts';

export type { Appended, Mark } from './append_request.ts';
export type * from './event_store_options.ts';
export type { PointInTime } from './point_in_time.ts';
export type { Problem, VerifyReport } from './verify.ts';

export const MAX_CALL_EVENTS = 10_000;
export const MAX_CALL_BYTES = 64 * 1024 * 1024;

const REPLAY_PAGE = 5000;
const DEFAULTS = { snapshotEvery: 10_000, maxPayloadBytes: 1024 * 1024, patienceMs: 5000 };

/** Opens the store and brings its tables up to date. Rejects as `Sql` and `migrate` do. */
export async function openEventStore(options: EventStoreOptions): Promise<EventStore> {
  const { databaseUrl, folder } = options;
  const sql = await (databaseUrl === undefined ? openPglite(folder) : openPostgres(databaseUrl));
  try {
    await migrate(sql);
    return await EventStore.create(sql, options);
  } catch (error) {
    await sql[Symbol.asyncDispose]();
    throw error;
  }
}

/** Every call rejects with an EventStoreError; those that write settle when the database has committed. */
export class EventStore implements AsyncDisposable {
  readonly projections: readonly Projection[];
  readonly #sql: Sql;
  readonly #maxPayloadBytes: number;
  readonly #projector: Projector;
  readonly #appender: Appender;
  readonly #subscriptions: Subscriptions;

  private constructor(sql: Sql, options: EventStoreOptions) {
    const {
      projections = BUILT_IN_PROJECTIONS,
      troubled = () => undefined,
      recovered = () => undefined,
      snapshotFailed = () => undefined,
    } = options;
    const { snapshotEvery, maxPayloadBytes, patienceMs } = { ...DEFAULTS, ...options };
    this.#sql = sql;
    this.projections = projections;
    this.#maxPayloadBytes = maxPayloadBytes;
    this.#projector = new Projector({ sql, projections, snapshotEvery, snapshotFailed });
    this.#appender = new Appender({ sql, projector: this.#projector, patienceMs, troubled, recovered });
    this.#subscriptions = new Subscriptions(sql);
  }

  /** A store on a database that has its tables, and is closed with it. */
  static async create(sql: Sql, options: EventStoreOptions): Promise<EventStore> {
    const store = new EventStore(sql, options);
    await createSlots(sql, store.projections.map(slotOf));
    return store;
  }

  /** Calls that come together share a transaction. Safe to repeat. Rejects with DuplicateConflict and VersionConflict. */
  async append(event: NewEvent, options: AppendOptions = {}): Promise<Appended> {
    return only(await this.#append([event], options, false));
  }

  /** All or none, one behind the other. At most 10,000 events and 64 MiB. */
  async appendAll(events: readonly NewEvent[], options: AppendAllOptions = {}): Promise<readonly Appended[]> {
    return this.#append(events, options, false);
  }

  /** Appends, and has the projections reach the event, in one transaction. Rejects with ProjectionFailed where one can't. */
  async consume(event: NewEvent, options: AppendOptions = {}): Promise<Appended> {
    return only(await this.#append([event], options, true));
  }

  /** The mark's value as it was saved last; undefined where none was. */
  mark(name: string): Promise<string | undefined> {
    return readMark(this.#sql, name);
  }

  forgetMark(name: string): Promise<void> {
    return forgetMark(this.#sql, name);
  }

  /** The last event's position; 0 where there is none. */
  async head(): Promise<number> {
    return (await readHead(this.#sql)).position;
  }

  /** Events after a position (0: from the first), at most `limit` (1 to 10,000) and about 8 MiB; none: there are no more. */
  async read(after: number, limit: number): Promise<readonly StoredEvent[]> {
    checkPosition('after', after);
    checkLimit(limit);
    return readPage(this.#sql, { after }, limit);
  }

  /** As `read`, those of one type. */
  async readByType(type: string, after: number, limit: number): Promise<readonly StoredEvent[]> {
    checkPosition('after', after);
    checkLimit(limit);
    return readPage(this.#sql, { after, type }, limit);
  }

  /** Pages of events, in their order. */
  async *replay(
    { from = 1, to, fromTimestamp, toTimestamp }: ReplayRange = {},
    signal?: AbortSignal,
  ): AsyncGenerator<readonly StoredEvent[], void, undefined> {
    checkPosition('from', from);
    if (to !== undefined) checkPosition('to', to);
    const times = {
      ...(fromTimestamp !== undefined && { fromTimestamp }),
      ...(toTimestamp !== undefined && { toTimestamp }),
    };
    const filter = { after: Math.max(from, 1) - 1, upTo: to ?? (await this.head()), ...times };
    yield* readPages(this.#sql, filter, REPLAY_PAGE, signal);
  }

  /**
   * Pages of the events after a position, then of new ones as they come, until `signal` aborts or the store closes. Waits while
   * the database is away. Holds a page at most, however slowly it is taken.
   */
  async *subscribe(
    after: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly StoredEvent[], void, undefined> {
    checkPosition('after', after);
    yield* this.#subscriptions.subscribe(after, signal);
  }

  /** The state now, all events of now in it, or at a point in the past. Rejects with ProjectionFailed where it can't be made. */
  async state(name: string, at?: PointInTime, signal?: AbortSignal): Promise<ProjectionState> {
    const projection = this.#projection(name);
    if (at === undefined) await this.#projector.catchUp(projection, slotOf(projection), signal);
    const { position, states } =
      at === undefined
        ? await readStates(this.#sql, slotOf(projection))
        : await statesAt(this.#sql, projection, at, signal);
    return { projection: name, position, state: stateOf(projection, states) };
  }

  /** Makes a projection anew from the first event; its old state stands until that is done. The answer is its position. */
  async rebuild(name: string, signal?: AbortSignal): Promise<number> {
    return this.#projector.rebuild(this.#projection(name), signal);
  }

  /** Reads all events and holds them to their hashes and numbers. */
  verify(signal?: AbortSignal): Promise<VerifyReport> {
    return verifyEvents(this.#sql, signal);
  }

  /** Takes no more, answers what was taken, ends subscriptions and closes the database. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#appender.close();
      await this.#subscriptions[Symbol.asyncDispose]();
    } finally {
      await this.#sql[Symbol.asyncDispose]();
    }
  }

  async #append(
    events: readonly NewEvent[],
    { stream, expectedVersion, mark }: AppendAllOptions,
    isConsumed: boolean,
  ): Promise<readonly Appended[]> {
    for (const event of events) checkEvent(event, this.#maxPayloadBytes);
    checkCall(events, stream, expectedVersion);
    if (mark !== undefined) checkMark(mark);
    const request: AppendRequest = {
      events,
      isConsumed,
      ...(stream !== undefined && { stream }),
      ...(expectedVersion !== undefined && { expectedVersion }),
      ...(mark !== undefined && { mark }),
    };
    return this.#appender.append(request);
  }

  #projection(name: string): Projection {
    const found = this.projections.find((projection) => projection.name === name);
    if (found !== undefined) return found;
    const known = this.projections.map((projection) => projection.name).join(', ');
    throw new EventStoreError(
      'unknown_projection',
      `there is no projection ${JSON.stringify(name)}: there are ${known}`,
    );
  }
}

function checkCall(
  events: readonly NewEvent[],
  stream: string | undefined,
  expected: number | undefined,
): void {
  const bytes = events.reduce((sum, { payload }) => sum + payload.byteLength, 0);
  if (events.length > MAX_CALL_EVENTS || bytes > MAX_CALL_BYTES) {
    const call = `${events.length} events of ${bytes} bytes in one call`;
    throw new EventStoreError(
      'invalid_event',
      `${call}: expected at most ${MAX_CALL_EVENTS} of ${MAX_CALL_BYTES}`,
    );
  }
  if (stream !== undefined) checkStream(stream);
  if (expected === undefined) return;
  checkPosition('expectedVersion', expected);
  if (stream === undefined)
    throw new EventStoreError('invalid_request', 'an expected version was given, but no stream that has it');
}

function only([appended]: readonly Appended[]): Appended {
  if (appended === undefined) throw new Error('a call of one event was answered with none');
  return appended;
}
