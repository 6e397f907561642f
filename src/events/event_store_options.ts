/** What the calls of the event store take and answer. */
import type { Mark } from './append_request.ts';
import type { Json, Projection } from './projection.ts';

export interface EventStoreOptions {
  /** `postgres://…`, with TLS as its parameters say; undefined: a PGlite of our own in `folder`. */
  readonly databaseUrl?: string | undefined;
  /** Of the embedded database; made where it is missing, and locked while it is open. */
  readonly folder: string;
  /** Those that `consume` applies and `state` knows; the built-in ones where none are named. */
  readonly projections?: readonly Projection[];
  /** A snapshot of each projection is kept every so many events (10,000). */
  readonly snapshotEvery?: number;
  /** 1 MiB where it is not said. */
  readonly maxPayloadBytes?: number;
  /** A write waits for a database that is away for so long (5000 ms) before it is given up. */
  readonly patienceMs?: number;
  /** The database can't be written, or can again: each told once. */
  readonly troubled?: (error: Error) => void;
  readonly recovered?: () => void;
  /** A snapshot of a projection could not be kept: its past takes longer to make. */
  readonly snapshotFailed?: (error: Error) => void;
}

export interface AppendOptions {
  /** The stream the events belong to. */
  readonly stream?: string | undefined;
  /** How many events the stream holds now: another number is a VersionConflict. Wants `stream`. */
  readonly expectedVersion?: number | undefined;
}

export interface AppendAllOptions extends AppendOptions {
  /** Kept in the same transaction, in place of the mark of that name: how far a writer has come. */
  readonly mark?: Mark | undefined;
}

export interface ProjectionState {
  readonly projection: string;
  /** All events up to this one are in it (of a time: those of them that were not later). */
  readonly position: number;
  /** Of a projection with keys an object of the states by key. */
  readonly state: Json;
}

/** Both ends are in it; what is left out is not bounded. */
export interface ReplayRange {
  readonly from?: number | undefined;
  /** Where left out: the last event there is when the replay begins. */
  readonly to?: number | undefined;
  readonly fromTimestamp?: bigint | undefined;
  readonly toTimestamp?: bigint | undefined;
}
