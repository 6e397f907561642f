import type { Lines, SourcePositions } from '../entry.ts';

/** Some entries from a source, and where it stands after them. */
export interface Chunk {
  readonly lines: Lines;
  /** The positions that moved; empty for a source that can't be read again. */
  readonly positions: SourcePositions;
  /** True where nothing else uses the memory of `lines`: whoever ships them gives it back. */
  readonly isOwned?: boolean;
  /** True where somebody waits for it: the batch it is in, or that is being gathered, is due at once. */
  readonly isUrgent?: boolean;
  /** In place of lines: so many entries were lost before they got here, which the receiver is told by a GAP. */
  readonly lost?: Lost;
  /** Set where `lines.bytes` are compressed: they are a batch of their own, and go as they are to a receiver that takes them so. */
  readonly packed?: Packed;
  /** Called once all that is in it has settled: it is durable at the receiver, or rejected and kept, or dropped. */
  readonly onSettled?: () => void;
}

/** What is known of lines that are compressed. */
export interface Packed {
  readonly algorithm: 'gzip' | 'zstd';
  readonly rawLength: number;
  /** CRC-32 of the raw bytes. */
  readonly crc: number;
}

/** Entries that will never come. */
export interface Lost {
  readonly entries: number;
  readonly reason: string;
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
