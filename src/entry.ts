/**
 * One log record: a JSON object. It travels and rests as the bytes its source wrote (one line of NDJSON);
 * this type is for the few places that make an entry or look into one.
 */
export type Entry = Record<string, unknown>;

/** Whole lines of NDJSON: `count` entries, each `{…}` and each ended by a newline. */
export interface Lines {
  readonly bytes: Buffer;
  readonly count: number;
}

/** Where a source stands in something it can read again: so many bytes of the thing with this identity are done. */
export interface SourcePosition {
  /** Bytes from the start that belong to finished entries. */
  readonly offset: number;
  /** SHA-256 (hex) of the first `headBytes` bytes: tells a file from another that took its name. */
  readonly head: string;
  readonly headBytes: number;
  /** Pieces of the line at `offset` that are done, where a line over the limit is shipped in pieces. */
  readonly part?: number;
  /** Where the name is not that of the file: `device:inode` of it, */
  readonly inode?: string;
  /** its path, */
  readonly path?: string;
  /** and the first half, in hex, of the SHA-256 of the (at most 256) bytes before `offset`: tells a copy of it. */
  readonly last?: string;
  /** Of a packed file that was read to its end: its size. `offset` counts unpacked bytes. */
  readonly packedBytes?: number;
  /** What it was the position of is gone for good: it is to be forgotten. */
  readonly isGone?: true;
}

/** Source name (for a file its absolute path) to position. */
export type SourcePositions = Readonly<Record<string, SourcePosition>>;
