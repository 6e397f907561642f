import type { Position } from '../archive/commit_log.ts';

/** What the files of users hold, by where it came from: durable together with the entries themselves. */
export interface Places {
  /** Of the follower of the archive: what its output saved last. */
  readonly follower?: FollowedPlace;
  readonly drained?: DrainedPlace;
}

export interface FollowedPlace {
  /** All before it is in the files. */
  readonly position?: Position;
}

/** The chunk that was taken from Redis last. */
export interface DrainedPlace {
  /** From 1, each one more than that before it. */
  readonly chunk: number;
  /** How many entries, from the head of which lists: they are in the files. */
  readonly lists: readonly DrainedList[];
}

export interface DrainedList {
  readonly userId: string;
  readonly day: number;
  readonly entries: number;
}
