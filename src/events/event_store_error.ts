export type EventStoreErrorCode =
  /** The event, stream or batch is outside of the limits. Nothing was stored. */
  | 'invalid_event'
  /** An event of this id is stored with other content. Nothing was stored. */
  | 'duplicate_conflict'
  /** The stream is not at the expected version. Nothing was stored. */
  | 'version_conflict'
  | 'unknown_projection'
  /** A projection's function threw. The event is stored; the projection stands before the one it threw at. */
  | 'projection_failed'
  /** What was asked for lies outside of what there is, or of the limits. */
  | 'invalid_request'
  /** Too much waits to be stored already. Nothing was stored. */
  | 'overloaded'
  /** The database can't be reached or can't write. What was appended may be stored; to append it again is safe. */
  | 'unavailable'
  /** The database refuses what this role may not do, or is not fit for the store. */
  | 'refused'
  /** The tables are of a newer version than this program. */
  | 'schema_newer'
  /** Another process has the embedded database's folder. */
  | 'folder_in_use'
  | 'closed';

/** Whatever the event store can't or won't do, by `code`. */
export class EventStoreError extends Error {
  override readonly name: string = 'EventStoreError';
  readonly code: EventStoreErrorCode;

  constructor(code: EventStoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The id is taken, by an event of other content. */
export class DuplicateConflict extends EventStoreError {
  override readonly name = 'DuplicateConflict';
  readonly id: string;
  /** Where the event lies that has the id; undefined where it is in the same call. */
  readonly position: number | undefined;

  constructor(id: string, position: number | undefined) {
    const where = position === undefined ? 'comes twice in this call' : `is stored at position ${position}`;
    super('duplicate_conflict', `an event with the id ${JSON.stringify(id)} and other content ${where}`);
    this.id = id;
    this.position = position;
  }
}

/** Somebody else appended to the stream meanwhile. */
export class VersionConflict extends EventStoreError {
  override readonly name = 'VersionConflict';
  readonly stream: string;
  readonly expected: number;
  readonly actual: number;

  constructor(stream: string, expected: number, actual: number) {
    const message = `stream ${JSON.stringify(stream)} is at version ${actual}, not at ${expected}`;
    super('version_conflict', message);
    this.stream = stream;
    this.expected = expected;
    this.actual = actual;
  }
}

/** A projection's function threw at an event: the projection stays before it, until it is rebuilt with a function that doesn't. */
export class ProjectionFailed extends EventStoreError {
  override readonly name = 'ProjectionFailed';
  readonly projection: string;
  /** The event it threw at. */
  readonly position: number;

  constructor(projection: string, position: number, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      'projection_failed',
      `projection ${projection} failed at the event of position ${position} and stays before it: ${reason}`,
      { cause },
    );
    this.projection = projection;
    this.position = position;
  }
}
