/** Whom a change hurts. Data is what is written by one side and read by the other; calls have two sides as well. */
export const PARTIES = ['old readers', 'new readers', 'old callers', 'old servers'] as const;

/**
 * `old readers` read what new writers wrote, `new readers` what old writers wrote; `old callers` call new servers, and new
 * callers call `old servers`.
 */
export type Party = (typeof PARTIES)[number];

/** One difference between two schemas. */
export interface Change {
  /** `struct LogEvent`, `LogEvent.5 log_level`, `LogIngestionService.sendLog`. */
  readonly where: string;
  readonly what: string;
  /** Whom it hurts; empty: it is safe. */
  readonly hurts: readonly Party[];
  readonly why: string;
}

/** Who reads what the new and the old side write. In arguments servers read, in answers callers do. */
export interface Sides {
  /** Reads with the old schema what was written with the new one. */
  readonly old: Party;
  /** Reads with the new schema what was written with the old one. */
  readonly new: Party;
}

export const DATA: Sides = { old: 'old readers', new: 'new readers' };
/** A new server reads what an old caller sent: if it can't, the old caller gets no answer. */
export const ARGUMENTS: Sides = { old: 'old servers', new: 'old callers' };
export const ANSWERS: Sides = { old: 'old callers', new: 'old servers' };
