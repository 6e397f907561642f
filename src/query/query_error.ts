/** A query that can't be asked: its message says which part, and what was expected. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
  /** Of a program that was asked it. */
  readonly exitCode = 2;
}
