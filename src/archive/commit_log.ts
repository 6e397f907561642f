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
   * Rejects with ArchiveError `sequence_gap`, `conflict` (same number, other content), `too_many_sources`, `too_large`, `unavailable`,
   * `taken_over` (another receiver of the same log writes for this shipper now) or `closed`.
   */
  append(block: Block): Promise<AppendOutcome>;
  /**
   * The shipper's place once everything appended for it so far is durable, to be used at once; undefined for a stranger. Where
   * receivers share a log it is this one's from then on. Rejects as `append`.
   */
  resumePoint(shipperId: string): Promise<ResumePoint | undefined>;
}

/** The log as a receiver opens it. */
export interface ReceiverLog extends CommitLog {
  /** Why not all is being acknowledged at the moment, or undefined while all is well. */
  readonly trouble: Error | undefined;
  /** Why nothing is: as `trouble`, but of a log in parts only where none of them takes anything. */
  readonly standstill: Error | undefined;
  /** Why nothing of this shipper is. */
  troubleOf(shipperId: string): Error | undefined;
  /** Set while what was given neither came back nor was refused. */
  readonly stall: Error | undefined;
  /** What ids of shippers that are part of the receiver end with, so that they are not those of another receiver of the same log. */
  readonly localSuffix: string;
  /** Settles when readers of the log may read all that is durable by now. */
  published(): Promise<void>;
  /** Writes and acknowledges what was appended; what can't be written is rejected. Twice is fine. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What a log has to say besides answers. */
export interface LogReport {
  /** A block became durable. */
  stored?(block: Block): void;
  /** Something a person should know: what recovery found and mended, what is missing. */
  found?(finding: string): void;
  /** It takes nothing (a disk that is full, a quorum that is away): nothing is acknowledged until `recovered`. Once per outage. */
  troubled?(error: Error): void;
  recovered?(): void;
}
