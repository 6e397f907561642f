/** DuckDB, as far as it is used here. It is no dependency: its native packages are large, and few need it. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { QueryError } from '../../query/query_error.ts';

const PACKAGE = '@duckdb/node-api';

export interface DuckDb {
  readonly DuckDBInstance: { create(path: string, options: Record<string, string>): Promise<Instance> };
  readonly DuckDBDataChunk: { create(types: readonly unknown[]): Chunk };
  readonly DuckDBTimestampValue: new (micros: bigint) => unknown;
  readonly VARCHAR: unknown;
  readonly TIMESTAMP: unknown;
}

interface Instance {
  connect(): Promise<Connection>;
  closeSync(): void;
}

export interface Connection {
  run(sql: string): Promise<unknown>;
  /** Rejects for what is no SQL. */
  extractStatements(sql: string): Promise<Statements>;
  stream(sql: string): Promise<Result>;
  createAppender(table: string): Promise<Appender>;
  closeSync(): void;
}

interface Statements {
  /** Rejects for a statement that asks for what is not there. */
  prepare(index: number): Promise<{ destroySync(): void }>;
}

export interface Result {
  /** Each name once. */
  deduplicatedColumnNames(): string[];
  /** Some rows at a time, of values of JavaScript. */
  yieldRowsJs(): AsyncIterable<unknown[][]>;
}

interface Chunk {
  setColumns(columns: readonly (readonly unknown[])[]): void;
}

interface Appender {
  appendDataChunk(chunk: Chunk): void;
  closeSync(): void;
}

/** DuckDB, where it is installed beside Logferry, in the folder this is run in, or on NODE_PATH. Throws QueryError that says how to install it. */
export function loadDuckDb(): DuckDb {
  for (const base of [import.meta.url, join(process.cwd(), 'query.js')]) {
    try {
      return createRequire(base)(PACKAGE) as DuckDb;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new QueryError(`--sql needs the package ${PACKAGE}, which is not installed: npm install ${PACKAGE}`);
}
