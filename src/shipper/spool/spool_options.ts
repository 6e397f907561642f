import type { Logger } from '../../base/logger.ts';

export interface SpoolOptions {
  readonly folder: string;
  readonly maxBytes: number;
  /** What happens to a batch that does not fit: the source waits, or batches are lost, counted and declared. */
  readonly full: 'block' | 'drop_oldest' | 'drop_newest';
  /** `always`: a batch is on disk before it is sent. `interval`: once a second. `never`: when the system likes. */
  readonly fsync: 'always' | 'interval' | 'never';
  readonly log: Logger;
  readonly now: () => number;
  /** How long after a failed write the next attempt comes; a second unless told. */
  readonly retryAfterMs?: number;
}
