import { expect, test } from 'vitest';
import type { FoundBlock } from '../../../src/query/found.ts';
import type { DuckDb } from '../../../src/tools/query/duckdb.ts';
import { answerSql } from '../../../src/tools/query/sql.ts';

/** A DuckDB to which every question is wrong. */
function duckThatRefuses(asked: string[]): DuckDb {
  const connection = {
    run: (sql: string) => Promise.resolve(asked.push(sql)),
    extractStatements: (sql: string) => {
      asked.push(sql);
      return Promise.resolve({ prepare: () => Promise.reject(new Error('no such column: lvel')) });
    },
    closeSync: () => asked.push('closed'),
  };
  const instance = { connect: () => Promise.resolve(connection), closeSync: () => undefined };
  return { DuckDBInstance: { create: () => Promise.resolve(instance) } } as unknown as DuckDb;
}

test('a question that is wrong is refused before an entry is read', async () => {
  const asked: string[] = [];
  let isRead = false;
  // eslint-disable-next-line @typescript-eslint/require-await
  async function* blocks(): AsyncGenerator<FoundBlock> {
    isRead = true;
    yield* [];
  }
  const answer = answerSql(
    'select lvel from logs',
    blocks(),
    () => {
      throw new Error('it is not answered');
    },
    duckThatRefuses(asked),
  );
  await expect(Array.fromAsync(answer)).rejects.toThrow('no such column: lvel');
  expect(isRead).toBe(false);
  expect(asked.map((sql) => sql.slice(0, 11))).toEqual([
    'create tabl',
    'create view',
    'select lvel',
    'closed',
  ]);
});
