import type { SourcePositions } from '../entry.ts';
import type { Block } from './block.ts';

/** Where a reader stands: before the block at this byte offset of this segment. */
export interface Position {
  readonly segment: string;
  readonly offset: number;
}

/** Where a shipper stands: what it has to continue after. */
export interface ResumePoint extends ShipperNumbers {
  readonly positions: SourcePositions;
}

export interface ShipperNumbers {
  readonly epoch: number;
  /** Last durable sequence in that epoch. */
  readonly sequence: number;
  /** CRC-32 of that batch's raw bytes: tells a resend from another batch under the same number. */
  readonly crc: number;
  /** The newest of its batches that were rejected for good, latest last: their shipper may not have heard. */
  readonly rejected?: readonly RejectedBatch[];
  /** Where it stands in the epochs it had before, latest first: a shipper restored from an old image is in one of them. */
  readonly earlier?: readonly EpochPlace[];
}

export interface RejectedBatch {
  readonly sequence: number;
  readonly code: string;
}

/** A shipper's numbers in one epoch. */
export interface EpochPlace {
  readonly epoch: number;
  readonly sequence: number;
  readonly crc: number;
}

export type AppendOutcome = 'stored' | 'repeated';

/** The durable, ordered log of blocks. */
export interface CommitLog extends AsyncDisposable {
  /**
   * Settles once the block is durable: `stored`, or `repeated` for one it already held (same shipper, epoch and
   * sequence), which is not stored again. Calls are ordered: a shipper's blocks land in the order they were given.
   * Until then the block's body is the log's, afterwards it may be gone.
   * Rejects with ArchiveError `sequence_gap`, `conflict` (same number, other content), `too_many_sources`, `unavailable` or
   * `closed`.
   */
  append(block: Block): Promise<AppendOutcome>;
  /** The shipper's place once everything appended for it so far is durable, to be used at once; undefined for a stranger. */
  resumePoint(shipperId: string): Promise<ResumePoint | undefined>;
}
