/**
 * PGlite in a folder: PostgreSQL inside of this process, one connection. It has no lock of its own, and a second opener would
 * destroy what the first one wrote, so the folder is locked here.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PGlite, Transaction } from '@electric-sql/pglite';
import { lockFolder } from '../base/folder_lock.ts';
import { needPackage } from '../base/optional_package.ts';
import { byteaOfText } from './bytea.ts';
import { databaseError } from './database_error.ts';
import { EventStoreError } from './event_store_error.ts';
import { PLANNING, type Queries, type Sql, type SqlRow, type SqlValue } from './sql.ts';

const OPTIONS = { rowMode: 'array' as const, parsers: { 17: byteaOfText, 20: BigInt } };

/** Other work of the process waits for no more than this, and one statement. */
const TURN_MS = 10;

/** Opens the database of `folder`, which is made where it is missing. Rejects with `folder_in_use` where a process has it. */
export async function openPglite(folder: string): Promise<Sql> {
  needPackage('@electric-sql/pglite', 'The event store of a folder');
  await mkdir(folder, { recursive: true });
  const unlock = await lockFolder(folder);
  if (unlock === undefined)
    throw new EventStoreError(
      'folder_in_use',
      `${folder} is in use by another process, and has one at a time`,
    );
  try {
    const { PGlite } = await import('@electric-sql/pglite');
    const database = await PGlite.create(join(folder, 'pglite'));
    await database.exec(PLANNING.map((setting) => `SET ${setting} = off;`).join(' '));
    return new PgliteSql(database, unlock);
  } catch (error) {
    await unlock();
    throw databaseError(error);
  }
}

class PgliteSql implements Sql {
  readonly #database: PGlite;
  readonly #unlock: () => Promise<void>;
  /** When the event loop had its last turn here. */
  #turnAt = 0;

  constructor(database: PGlite, unlock: () => Promise<void>) {
    this.#database = database;
    this.#unlock = unlock;
  }

  query(statement: string, values: readonly SqlValue[] = []): Promise<readonly SqlRow[]> {
    return this.#run(this.#database, statement, values);
  }

  async transaction<T>(work: (tx: Queries) => Promise<T>): Promise<T> {
    let failure: unknown;
    try {
      return await this.#database.transaction(async (tx) =>
        work({
          query: (statement, values = []) => this.#run(tx, statement, values),
          script: (statements) => runScript(tx, statements),
        }).catch((error: unknown) => {
          throw (failure = error);
        }),
      );
    } catch (error) {
      throw failure === error ? error : databaseError(error);
    }
  }

  script(statements: string): Promise<void> {
    return runScript(this.#database, statements);
  }

  async listen(channel: string, notified: () => void): Promise<() => Promise<void>> {
    const stop = await this.#database.listen(channel, notified);
    return async () => {
      if (!this.#database.closed) await stop();
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#database.closed) await this.#database.close();
    await this.#unlock();
  }

  async #run(
    target: PGlite | Transaction,
    statement: string,
    values: readonly SqlValue[],
  ): Promise<readonly SqlRow[]> {
    try {
      const { rows } = await target.query<SqlRow>(statement, [...values], OPTIONS);
      await this.#giveTurn();
      return rows;
    } catch (error) {
      throw databaseError(error);
    }
  }

  /** PGlite answers without the loop having a turn: statement upon statement would keep all else waiting. */
  async #giveTurn(): Promise<void> {
    if (performance.now() - this.#turnAt < TURN_MS) return;
    await new Promise(setImmediate);
    this.#turnAt = performance.now();
  }
}

async function runScript(target: PGlite | Transaction, statements: string): Promise<void> {
  try {
    await target.exec(statements);
  } catch (error) {
    throw databaseError(error);
  }
}
