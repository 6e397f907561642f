/** PostgreSQL by its URL: a pool of connections that come again by themselves. */
import type { Client, ClientConfig, Pool, PoolClient } from 'pg';
import { needPackage } from '../base/optional_package.ts';
import { byteaOfText } from './bytea.ts';
import { databaseError } from './database_error.ts';
import { EventStoreError } from './event_store_error.ts';
import { listenOn } from './postgres_listener.ts';
import { PLANNING, type Queries, type Sql, type SqlRow, type SqlValue } from './sql.ts';

const MAX_CONNECTIONS = 8;
const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED';

const CONNECT_MS = 5000;

/** An answer that is not there after so long will not come. */
const ANSWER_MS = 60_000;

/** A process that stands still in the middle of a transaction holds up all others for so long and no longer. */
const IDLE_IN_TRANSACTION_MS = 10_000;

/** The types whose text is not kept as it is, by PostgreSQL's numbers for them. */
const PARSERS: ReadonlyMap<number, (text: string) => unknown> = new Map<number, (text: string) => unknown>([
  [16, (text) => text === 't'],
  [17, byteaOfText],
  [20, BigInt],
  [23, Number],
]);

const TYPES = { getTypeParser: (oid: number) => PARSERS.get(oid) ?? ((text: string) => text) };

/** Opens PostgreSQL; connects when the first statement comes. `databaseUrl` may name TLS: `?sslmode=verify-full&sslrootcert=…`. */
export async function openPostgres(databaseUrl: string): Promise<Sql> {
  needPackage('pg', 'DATABASE_URL');
  const { default: pg } = await import('pg');
  const config: ClientConfig = {
    connectionString: databaseUrl,
    application_name: 'logferry',
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: ANSWER_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    keepAlive: true,
    // What does not wait for another's answer is sent at once.
    pipeline: true,
    options: PLANNING.map((setting) => `-c ${setting}=off`).join(' '),
    types: TYPES,
  };
  const poolOf = (max: number): Pool =>
    // A connection that breaks: who uses it hears of it by what he asked, and the pool gives it to nobody else.
    new pg.Pool({ ...config, max })
      .on('error', () => undefined)
      .on('connect', (client) => client.on('error', () => undefined));
  return new PostgresSql(poolOf(MAX_CONNECTIONS), poolOf(1), () => new pg.Client(config));
}

class PostgresSql implements Sql {
  readonly #pool: Pool;
  /** Of the transactions that append: however many read, these have a connection. */
  readonly #appendPool: Pool;
  readonly #newClient: () => Client;
  /** The names of prepared statements, which every connection has alike. */
  readonly #names = new Map<string, string>();

  constructor(pool: Pool, appendPool: Pool, newClient: () => Client) {
    this.#pool = pool;
    this.#appendPool = appendPool;
    this.#newClient = newClient;
  }

  async query(statement: string, values: readonly SqlValue[] = []): Promise<readonly SqlRow[]> {
    return twice(() => this.#run(this.#pool, statement, values));
  }

  transaction<T>(work: (tx: Queries) => Promise<T>, purpose?: 'append'): Promise<T> {
    const pool = purpose === 'append' ? this.#appendPool : this.#pool;
    return twice(() => this.#transactionOnce(pool, work));
  }

  script(statements: string): Promise<void> {
    return runScript(this.#pool, statements);
  }

  listen(channel: string, notified: () => void): Promise<() => Promise<void>> {
    return listenOn(this.#newClient, channel, notified);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#pool.ending) await Promise.all([this.#pool.end(), this.#appendPool.end()]);
  }

  async #transactionOnce<T>(pool: Pool, work: (tx: Queries) => Promise<T>): Promise<T> {
    const client = await connect(pool);
    try {
      const tx: Queries = {
        query: (statement, values = []) => this.#run(client, statement, values),
        script: (statements) => runScript(client, statements),
      };
      const [, result] = await Promise.all([runScript(client, BEGIN), work(tx)]);
      await runScript(client, 'COMMIT');
      client.release();
      return result;
    } catch (error) {
      // The connection goes with its transaction: nobody need ask in which state it is.
      client.release(true);
      throw error;
    }
  }

  async #run(
    target: Pool | PoolClient,
    text: string,
    values: readonly SqlValue[],
  ): Promise<readonly SqlRow[]> {
    let name = this.#names.get(text);
    if (name === undefined) this.#names.set(text, (name = `logferry_${this.#names.size}`));
    try {
      const result = await target.query<unknown[]>({ name, text, values: [...values], rowMode: 'array' });
      return result.rows as SqlRow[];
    } catch (error) {
      throw databaseError(error);
    }
  }
}

/** Once more where the connection had broken, perhaps long ago: another is there at once, or the database is away. */
async function twice<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof EventStoreError && error.code === 'unavailable')) throw error;
    return work();
  }
}

async function connect(pool: Pool): Promise<PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw databaseError(error);
  }
}

async function runScript(target: Pool | PoolClient, statements: string): Promise<void> {
  try {
    await target.query(statements);
  } catch (error) {
    throw databaseError(error);
  }
}
