import type { Lines, SourcePositions } from '../entry.ts';

/** Some entries from a source, and where it stands after them. */
export interface Chunk {
  readonly lines: Lines;
  /** The positions that moved; empty for a source that can't be read again. */
  readonly positions: SourcePositions;
  /** True where nothing else uses the memory of `lines`: whoever ships them gives it back. */
  readonly isOwned?: boolean;
}

/** Where entries come from. */
export interface Source {
  readonly name: string;
  /** True where `read` can begin again at a position: then the receiver's memory of it is all the state there is. */
  readonly canReread: boolean;
  /**
   * Iterates from these positions to the end of input, or until `signal` aborts. A chunk is at most `maxChunkBytes` long
   * (but for a single longer entry), as a batch can't divide it, and is not changed after it was yielded.
   */
  read(from: SourcePositions, signal: AbortSignal, maxChunkBytes: number): AsyncIterable<Chunk>;
}
