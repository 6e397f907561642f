import type { Encoded } from '../encode.ts';

/** Where batches of a source that can't be read again wait for the receiver: on disk (spool.ts) or in memory (memory_spool.ts). */
export interface BatchQueue {
  /** Of the numbers of this run. */
  readonly epoch: number;
  /** Entries an earlier run left. */
  readonly leftEntries: number;
  /** Entries lost because it was full. */
  readonly droppedEntries: number;
  /** Settles once the batch is kept, or dropped. Batches come in the order of their numbers, from 1 in each run, one at a time. */
  append(batch: Encoded): Promise<void>;
  /** Nothing more will be appended. */
  end(): Promise<void>;
  /** The epochs to deliver, in order: those left by earlier runs, then this run's. */
  epochs(): number[];
  /** Yields the batches of an epoch in order, for this run's until the end. To be iterated once. */
  read(epoch: number): AsyncIterable<Encoded>;
  /** Everything of this epoch up to `sequence` is acknowledged. */
  acknowledged(epoch: number, sequence: number): void;
  /** The run is over: what is not acknowledged stays for the next. Twice is fine. */
  close(): Promise<void>;
}
