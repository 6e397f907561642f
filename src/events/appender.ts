/**
 * The way in. While one transaction is on its way to the database the calls that come gather, and go together in the next:
 * under load a commit is shared by many, and a call that comes alone goes at once.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from '../base/backoff.ts';
import { appendTogether, type AppendedTogether } from './append_transaction.ts';
import { AppendQueue, type Call } from './append_queue.ts';
import type { AppendRequest, Appended } from './append_request.ts';
import { EventStoreError } from './event_store_error.ts';
import { TooFarBehind, type Projector } from './projector.ts';
import type { Sql } from './sql.ts';

export interface AppenderOptions {
  readonly sql: Sql;
  readonly projector: Projector;
  /** A database that is away is tried again for so long before a call is given up. */
  readonly patienceMs: number;
  readonly troubled: (error: Error) => void;
  readonly recovered: () => void;
}

const AGAIN = { firstMs: 20, maxMs: 1000 };

export class Appender {
  readonly #options: AppenderOptions;
  readonly #queue = new AppendQueue();
  #working: Promise<void> | undefined;
  /** While projections are brought up to where calls can take them further. */
  #catchingUp: Promise<void> | undefined;
  #isClosed = false;
  #isTroubled = false;

  constructor(options: AppenderOptions) {
    this.#options = options;
  }

  /** Settles when the database has committed the call. */
  async append(request: AppendRequest): Promise<readonly Appended[]> {
    if (this.#isClosed) throw new EventStoreError('closed', 'the event store is closed');
    const call = this.#queue.call(request);
    this.#add([call]);
    return call.answered;
  }

  /** Takes no more, and settles when all that was taken has been answered. */
  async close(): Promise<void> {
    this.#isClosed = true;
    while (this.#working !== undefined || this.#catchingUp !== undefined)
      await (this.#working ?? this.#catchingUp?.catch(() => undefined));
  }

  #add(calls: readonly Call[]): void {
    if (this.#catchingUp === undefined) this.#queue.add(calls);
    else {
      this.#queue.add(calls.filter((call) => !isConsumed(call)));
      this.#addLater(calls.filter(isConsumed), this.#catchingUp);
    }
    if (!this.#queue.isEmpty) this.#working ??= this.#work();
  }

  #addLater(calls: readonly Call[], caughtUp: Promise<void>): void {
    caughtUp.then(
      () => this.#add(calls),
      (error: unknown) => answerAll(calls, error),
    );
  }

  async #work(): Promise<void> {
    // What comes in this same turn comes along.
    await new Promise(setImmediate);
    while (!this.#queue.isEmpty) {
      const group = this.#queue.take();
      try {
        const { answers, reached } = await this.#commit(group.map(({ request }) => request));
        for (const [index, call] of group.entries()) call.answer(answers[index] ?? []);
        await this.#options.projector.committed(reached.advanced);
      } catch (error) {
        if (error instanceof TooFarBehind) this.#catchUpFor(group);
        else answerAll(group, error);
      }
    }
    this.#working = undefined;
  }

  /** Calls that want projections wait for these, however far behind they are; the others go on. */
  #catchUpFor(group: readonly Call[]): void {
    this.#catchingUp ??= this.#options.projector.catchUpAll().finally(() => (this.#catchingUp = undefined));
    this.#queue.putBack(group.filter((call) => !isConsumed(call)));
    this.#addLater(group.filter(isConsumed), this.#catchingUp);
  }

  /** Again and again while the database is away: what a lost connection had committed after all is found by its ids. */
  async #commit(requests: readonly AppendRequest[]): Promise<AppendedTogether> {
    const { sql, projector, patienceMs } = this.#options;
    const deadline = performance.now() + patienceMs;
    for (let attempt = 0; ; attempt += 1) {
      try {
        const appended = await sql.transaction((tx) => appendTogether(tx, projector, requests), 'append');
        this.#recover();
        return appended;
      } catch (error) {
        if (!isAway(error) || performance.now() > deadline) throw error;
        this.#trouble(error);
        await delay(backoffMs(attempt, AGAIN, Math.random()));
      }
    }
  }

  #trouble(error: Error): void {
    if (!this.#isTroubled) this.#options.troubled(error);
    this.#isTroubled = true;
  }

  #recover(): void {
    if (this.#isTroubled) this.#options.recovered();
    this.#isTroubled = false;
  }
}

const isAway = (error: unknown): error is EventStoreError =>
  error instanceof EventStoreError && error.code === 'unavailable';

const isConsumed = ({ request }: Call): boolean => request.isConsumed;

function answerAll(calls: readonly Call[], error: unknown): void {
  for (const { answer } of calls) answer(error as EventStoreError);
}
