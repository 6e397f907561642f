/** What became of the lines that were shipped. */
export interface Losses {
  /** Were sent, and are not there whole. */
  readonly lost: number;
  /** Are there more often than they were sent: by how much. */
  readonly repeated: number;
  /** Are there, and were never sent so. */
  readonly damaged: number;
}

export const NO_LOSSES: Losses = { lost: 0, repeated: 0, damaged: 0 };
