/** What the store wants of a database: PostgreSQL and PGlite answer it alike, so there is one SQL. */

/**
 * Switched off: every statement goes along an index, in its order. While there are no statistics of a table, or where a plan was
 * made while it was small, the planner takes it for small and would read all of it for each page. (And what is switched off
 * counts as so dear that all that is left would be compiled, each time.)
 */
export const PLANNING = ['enable_seqscan', 'enable_bitmapscan', 'jit'];

export type SqlValue = string | number | bigint | null | readonly string[];

/** The columns in their order: `bigint` columns are bigint, `integer` number, `boolean` boolean, `bytea` Buffer, the rest text. */
export type SqlRow = readonly (string | number | bigint | boolean | Buffer | null)[];

/** Statements run in the order in which they were asked for; none need wait for the answer to the one before. */
export interface Queries {
  /** Runs one statement, whose text is one of few: it is prepared once for each connection. */
  query(statement: string, values?: readonly SqlValue[]): Promise<readonly SqlRow[]>;
  /** Runs statements that take no values and answer nothing, together. */
  script(statements: string): Promise<void>;
}

/** A broken connection may have a statement or a transaction run twice, and committed twice: each must be one that does no harm then. */
export interface Sql extends Queries, AsyncDisposable {
  /**
   * Runs `work` in a transaction (read committed), rolled back where it rejects. One to `append` waits for none of the others'
   * connections: there is one of those at a time.
   */
  transaction<T>(work: (tx: Queries) => Promise<T>, purpose?: 'append'): Promise<T>;
  /**
   * Has `notified` called after each NOTIFY on the channel, and when the connection for it is there again: some may have
   * been missed. The answer ends that.
   */
  listen(channel: string, notified: () => void): Promise<() => Promise<void>>;
}
