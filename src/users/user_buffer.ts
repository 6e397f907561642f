/** Where entries of users wait for their files, or from where their files follow. */

/** One entry of a user: `line` is its JSON and a newline. */
export interface UserEntry {
  readonly userId: string;
  /** Days since 1970: `dayOf` its time. */
  readonly day: number;
  readonly line: Buffer;
}

/** How many entries of a user's day wait. */
export interface WaitingEntries {
  readonly userId: string;
  readonly day: number;
  readonly entries: number;
}

/** What a drain has moved. */
export interface Drained {
  readonly entries: number;
  /** Files that were written. */
  readonly files: number;
}

export interface UserBuffer extends AsyncDisposable {
  /** Settles once all are kept as this buffer promises: all or none. Rejects with BufferUnavailable. */
  add(entries: readonly UserEntry[]): Promise<void>;
  /** What waits, by user and day. */
  waiting(): Promise<readonly WaitingEntries[]>;
  /** Moves what waits now into the files. */
  drain(): Promise<Drained>;
  /** The entries of a user's day, of buffer and file together, each once, in order: each as its JSON, without the newline. */
  linesOf(userId: string, day: number, signal?: AbortSignal): AsyncIterable<Buffer>;
}

/** The day of a time in seconds since 1970. */
export const dayOf = (seconds: number): number => Math.floor(seconds / 86_400);

/** The buffer takes nothing at the moment. What was added may be added again. */
export class BufferUnavailable extends Error {
  override readonly name = 'BufferUnavailable';
  readonly code = 'buffer_unavailable';
  readonly retryAfterSeconds: number;
  /** It was sent, and no answer came: it may be there all the same. */
  readonly isUncertain: boolean;

  constructor(
    message: string,
    options: {
      readonly retryAfterSeconds?: number;
      readonly isUncertain?: boolean;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.retryAfterSeconds = options.retryAfterSeconds ?? 1;
    this.isUncertain = options.isUncertain ?? false;
  }
}
