/**
 * A SQLite database (node:sqlite): a row of `logs` an entry. How much of the archive is in it is a row of
 * `logferry_follower`, written in the same transaction, so that no crash can set them apart.
 */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { columnsOf } from './columns.ts';
import {
  stateFolder,
  type FollowerState,
  type Output,
  type OutputPlan,
  type Row,
  type Rows,
} from './output.ts';

const COLUMNS = ['time', 'level', 'service', 'host', 'message', 'tags', 'rest', 'shipper'] as const;

/** Rows a statement inserts: one each costs half as much again, a hundred more than twice as much. */
const ROWS_AT_ONCE = 16;

const SCHEMA = `
  CREATE TABLE logs (
    id INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    level TEXT,
    service TEXT,
    host TEXT,
    message TEXT,
    tags TEXT,
    rest TEXT NOT NULL,
    shipper TEXT NOT NULL
  );
  CREATE INDEX logs_time ON logs (time);
  CREATE INDEX logs_level ON logs (level, time);
  CREATE INDEX logs_service ON logs (service, time);
  CREATE VIEW logs_readable AS
    SELECT id, strftime('%Y-%m-%dT%H:%M:%fZ', time / 1000.0, 'unixepoch') AS time,
      level, service, host, message, tags, rest, shipper
    FROM logs;
  CREATE TABLE logferry_follower (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL);
`;

const DROP = `
  DROP VIEW IF EXISTS logs_readable;
  DROP TABLE IF EXISTS logs;
  DROP TABLE IF EXISTS logferry_follower;
`;

/** Somebody else's lock on the database is waited for so long. */
const BUSY_MS = 5000;

export function sqliteOutput({ file }: { readonly file: string }): OutputPlan {
  return {
    name: 'sqlite',
    file,
    lockFolder: stateFolder(file),
    async open() {
      const database = await openDatabase(file);
      try {
        prepare(database, file);
        return new SqliteOutput(database);
      } catch (error) {
        database.close();
        throw error;
      }
    },
    async reset() {
      const database = await openDatabase(file);
      try {
        database.exec(`BEGIN IMMEDIATE; ${DROP} ${SCHEMA} COMMIT; VACUUM;`);
      } finally {
        database.close();
      }
    },
  };
}

async function openDatabase(file: string): Promise<DatabaseSync> {
  await mkdir(dirname(file), { recursive: true });
  const database = new DatabaseSync(file, { timeout: BUSY_MS });
  try {
    database.exec(
      'PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;',
    );
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

class SqliteOutput implements Output {
  readonly saved: FollowerState | undefined;
  readonly #database: DatabaseSync;
  readonly #insertMany: StatementSync;
  readonly #insertOne: StatementSync;
  readonly #saveState: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    const state = database.prepare('SELECT state FROM logferry_follower').get()?.state;
    this.saved = state === undefined ? undefined : (JSON.parse(String(state)) as FollowerState);
    this.#insertMany = database.prepare(insertOf(ROWS_AT_ONCE));
    this.#insertOne = database.prepare(insertOf(1));
    this.#saveState = database.prepare('INSERT OR REPLACE INTO logferry_follower (id, state) VALUES (1, ?)');
  }

  write({ header, rows }: Rows): void {
    this.#begin();
    let values: SQLInputValue[] = [];
    for (const row of rows) {
      addValues(values, row, header);
      if (values.length < ROWS_AT_ONCE * COLUMNS.length) continue;
      this.#insertMany.run(...values);
      values = [];
    }
    for (let at = 0; at < values.length; at += COLUMNS.length)
      this.#insertOne.run(...values.slice(at, at + COLUMNS.length));
  }

  save(state: FollowerState): void {
    this.#begin();
    this.#saveState.run(JSON.stringify(state));
    this.#database.exec('COMMIT');
  }

  /** What was not saved is rolled back. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#database.close();
    return Promise.resolve();
  }

  #begin(): void {
    if (!this.#database.isTransaction) this.#database.exec('BEGIN IMMEDIATE');
  }
}

/** Makes the tables, in one transaction. A table `logs` that is somebody else's is not written to. */
function prepare(database: DatabaseSync, file: string): void {
  database.exec('BEGIN IMMEDIATE');
  const isOurs = hasTable(database, 'logferry_follower');
  if (!isOurs && hasTable(database, 'logs'))
    throw new Error(
      `${file} has a table logs that no follower made: name another file, or write it anew with follow --from start`,
    );
  if (!isOurs) database.exec(SCHEMA);
  database.exec('COMMIT');
}

const hasTable = (database: DatabaseSync, name: string): boolean =>
  database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(name) !== undefined;

const insertOf = (rows: number): string =>
  `INSERT INTO logs (${COLUMNS.join(', ')}) VALUES ${Array<string>(rows)
    .fill(`(${COLUMNS.map(() => '?').join(', ')})`)
    .join(', ')}`;

function addValues(values: SQLInputValue[], row: Row, header: Rows['header']): void {
  const { timeMs, level, service, host, message, tags, rest, shipper } = columnsOf(row, header);
  values.push(
    timeMs,
    level,
    service,
    host,
    message,
    tags === null ? null : JSON.stringify(tags),
    rest,
    shipper,
  );
}
