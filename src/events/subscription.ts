/** Events as they come. Who listens first and then reads misses none; who reads at times anyway need not trust the listening. */
import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from '../base/backoff.ts';
import { Signal } from '../base/signal.ts';
import type { StoredEvent } from './event.ts';
import { readPage } from './event_reader.ts';
import { CHANNEL } from './event_rows.ts';
import { EventStoreError } from './event_store_error.ts';
import type { Sql } from './sql.ts';

/** The most events that are held for a subscriber, however slow it is. */
const PAGE = 1000;

/** Without a notice it is looked for events so often. */
const POLL_MS = 1000;

const AGAIN = { firstMs: 100, maxMs: 5000 };

/** All subscribers of a process share one connection that listens. */
export class Subscriptions implements AsyncDisposable {
  readonly #sql: Sql;
  readonly #changed = new Signal();
  #isClosed = false;
  #listening: Promise<() => Promise<void>> | undefined;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Pages of the events behind `after`, for ever; waits while the database is away. Ends when `signal` aborts or the store closes. */
  async *subscribe(
    after: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly StoredEvent[], void, undefined> {
    const wake = (): void => this.#changed.notify();
    const isOver = (): boolean => signal.aborted || this.#isClosed;
    signal.addEventListener('abort', wake);
    try {
      await this.#listen();
      for (let failures = 0; !isOver();) {
        const changed = this.#changed.wait();
        const page = await this.#read(after);
        failures = page === undefined ? failures + 1 : 0;
        const last = page?.at(-1);
        if (page !== undefined && last !== undefined) {
          yield page;
          after = last.position;
        } else if (!isOver()) {
          await pause(failures === 0 ? POLL_MS : backoffMs(failures, AGAIN, Math.random()), changed);
        }
      }
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }

  /** What failed is tried again by the next subscriber. */
  #listen(): Promise<() => Promise<void>> {
    this.#listening ??= this.#sql
      .listen(CHANNEL, () => this.#changed.notify())
      .catch((error: unknown) => {
        this.#listening = undefined;
        throw error;
      });
    return this.#listening;
  }

  /** The next page; undefined where the database is away. */
  async #read(after: number): Promise<readonly StoredEvent[] | undefined> {
    try {
      return await readPage(this.#sql, { after }, PAGE);
    } catch (error) {
      if (error instanceof EventStoreError && error.code === 'unavailable') return undefined;
      throw error;
    }
  }

  /** Ends them all. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#changed.notify();
    const stop = await this.#listening?.catch(() => undefined);
    await stop?.();
  }
}

/** Settles after so long, or with `sooner`. */
async function pause(ms: number, sooner: Promise<void>): Promise<void> {
  const ending = new AbortController();
  const waited = delay(ms, undefined, { signal: ending.signal }).catch(() => undefined);
  await Promise.race([waited, sooner]);
  ending.abort();
}
