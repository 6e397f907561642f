/** What a worker has written out since it was started. */
export interface WorkCounts {
  readonly entries: number;
  readonly blocks: number;
  /** Of blocks, compressed. */
  readonly bytes: number;
  /** Messages that were gone before they were written. */
  readonly missing: number;
  /** Messages left out for good. */
  readonly refused: number;
}

export interface WorkerReading {
  readonly counts: WorkCounts;
  readonly isTroubled: boolean;
  readonly partitions: readonly WorkerPartition[];
}

/** A partition that a worker holds; all numbers but `streamBytes` are sequences of its stream. */
export interface WorkerPartition {
  readonly partition: number;
  readonly taken: number;
  readonly written: number;
  /** Of the last message there is. */
  readonly last: number;
  /** What the stream holds. */
  readonly streamBytes: number;
}
