/** How often, and for how long. */
export interface Times {
  /** Files that grow are looked at this often, where the system does not tell that they did; quiet ones less and less. */
  readonly pollMs: number;
  /** The patterns are looked up again this often, and at once where the system tells of a rename. */
  readonly scanMs: number;
  /** A file that was not found is gone when it is not found again so much later. */
  readonly confirmMs: number;
  /** A file that is like another is taken for a copy in the making until it has been quiet for so long. */
  readonly copyMs: number;
  /** A rotated file is at its end when it has been quiet for so long: its last line needs no newline then. */
  readonly rotatedMs: number;
  /** Lines held back, to see whether more belong to them, are shipped after so long. */
  readonly heldMs: number;
  /** A file that was quiet for so long is not being copied to be cut. */
  readonly restMs: number;
  /** A file is closed after being quiet for so long; it is opened again when it grows. */
  readonly openMs: number;
  /** A file that is gone is forgotten after so long. */
  readonly forgetMs: number;
  /** Files are read at most this often, so that many small writes become few reads. */
  readonly roundMs: number;
}

const SECOND = 1000;

export const TIMES: Times = {
  pollMs: 0.5 * SECOND,
  scanMs: 10 * SECOND,
  confirmMs: 1 * SECOND,
  copyMs: 10 * SECOND,
  rotatedMs: 10 * SECOND,
  heldMs: 5 * SECOND,
  restMs: 30 * SECOND,
  openMs: 300 * SECOND,
  forgetMs: 24 * 3600 * SECOND,
  roundMs: 20,
};
