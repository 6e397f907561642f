import type { NewEvent } from './event.ts';

/** One call: its events are stored together or not at all. */
export interface AppendRequest {
  readonly events: readonly NewEvent[];
  readonly stream?: string;
  readonly expectedVersion?: number;
  readonly mark?: Mark;
  /** Whether the projections must reach its events. */
  readonly isConsumed: boolean;
}

/** How far a writer has come, in its own words: saved together with events. */
export interface Mark {
  readonly name: string;
  readonly value: string;
}

export interface Appended {
  readonly position: number;
  /** False where it had been stored before. */
  readonly isNew: boolean;
}
