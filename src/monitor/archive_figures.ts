/** What the archive's folder shows of itself: how much there is, and how far its followers are. */
export interface ArchiveFigures {
  readonly segments: number;
  readonly bytes: number;
  /** Of the file system it is on: what anybody may still write, and how large it is. */
  readonly freeBytes: number;
  readonly diskBytes: number;
  /** What retention allows; 0: no limit. */
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  readonly followers: readonly FollowerFigures[];
}

export interface FollowerFigures {
  readonly name: string;
  /** Written to its output so far. */
  readonly entries: number;
  /** Lines that were no JSON, which it kept aside. */
  readonly malformed: number;
  /** Entries that retention deleted unread. */
  readonly lost: number;
  /** Of the archive, still to be read. */
  readonly behindBytes: number;
  /** When it saved last, in milliseconds since 1970; 0 before. */
  readonly savedAtMs: number;
}
