/** What a stream does not take now it is asked to take again, for as long as it lasts; of all that wait one tries at a time. */
import { JetStreamApiError } from '@nats-io/jetstream';
import { setTimeout as delay } from 'node:timers/promises';
import { ArchiveError } from '../archive/archive_error.ts';
import { backoffMs } from '../base/backoff.ts';
import type { Nats } from './connection.ts';
import { isTooLarge, isWrongLast } from './jetstream_error.ts';
import { Silence } from './silence.ts';

export interface OutageOptions {
  readonly nats: Nats;
  /** Of the stream, for people. */
  readonly stream: string;
  /** Called with what is wrong when an outage begins, and with nothing when it is over. */
  readonly onChange: (trouble: Error | undefined) => void;
  /** Called with each failure. */
  readonly onFailure: () => void;
  /** Once aborted, what fails is not tried again. */
  readonly closing: AbortSignal;
}

const BACKOFF = { firstMs: 100, maxMs: 1000 };

export class Outage {
  readonly #options: OutageOptions;
  #trouble: Error | undefined;
  /** Failures in a row. */
  #failures = 0;
  readonly #silence: Silence;
  /** Settles when whoever tries has failed, and waited, or succeeded. */
  #trying: Promise<void> | undefined;

  constructor(options: OutageOptions) {
    this.#options = options;
    this.#silence = new Silence(options.nats);
  }

  /** What is wrong, while something is. */
  get trouble(): Error | undefined {
    return this.#trouble;
  }

  /**
   * What `attempt` settles with, as soon as it does not fail for want of a working stream; it must be such that a second
   * time does no harm. Rejects with ArchiveError `unavailable` where that takes longer than `withinMs`, or the log closes.
   */
  async persist<T>(attempt: () => Promise<T>, withinMs = Infinity): Promise<T> {
    const begunAt = performance.now();
    for (;;) {
      while (this.#trying !== undefined) {
        await this.#trying;
        if (this.#trouble !== undefined) this.#expectPatience(begunAt, withinMs);
      }
      const tried = this.#trouble === undefined ? undefined : this.#try();
      try {
        const result = await attempt();
        this.#works();
        return result;
      } catch (error) {
        if (isAnswer(error)) {
          this.#works();
          throw error;
        }
        this.#fails(error as Error);
        this.#expectPatience(begunAt, withinMs);
        await this.#pause(error as Error);
      } finally {
        tried?.();
      }
    }
  }

  #try(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#trying = promise;
    return () => {
      this.#trying = undefined;
      resolve();
    };
  }

  #expectPatience(begunAt: number, withinMs: number): void {
    if (!this.#options.closing.aborted && performance.now() - begunAt < withinMs) return;
    throw new ArchiveError('unavailable', this.#trouble?.message ?? 'the log is closed', {
      cause: this.#trouble,
    });
  }

  /** What was sent must be read by the server, or lost, before it is sent again: there is never more than one of it on its way. */
  async #pause(error: Error): Promise<void> {
    const { nats, closing } = this.#options;
    const ms = backoffMs(this.#failures - 1, BACKOFF, Math.random());
    await delay(ms, undefined, { signal: closing }).catch(() => undefined);
    if (closing.aborted) return;
    await this.#silence.lasts(error);
    await nats.settled();
  }

  #works(): void {
    this.#failures = 0;
    this.#silence.ends();
    if (this.#trouble === undefined) return;
    this.#trouble = undefined;
    this.#options.onChange(undefined);
  }

  #fails(cause: Error): void {
    this.#failures += 1;
    this.#options.onFailure();
    const isNew = this.#trouble === undefined;
    this.#trouble = new Error(`${this.#options.stream} takes nothing: ${reasonOf(cause)}`, { cause });
    if (isNew) this.#options.onChange(this.#trouble);
  }
}

/** True for what is no fault of the stream's. */
const isAnswer = (error: unknown): boolean =>
  error instanceof ArchiveError || isWrongLast(error) || isTooLarge(error);

const STORE_FAILED = 10077;

function reasonOf(error: Error): string {
  if (error instanceof JetStreamApiError && error.code === STORE_FAILED)
    return `it is full, workers have to make room (${error.message})`;
  if (error.name === 'TimeoutError') return 'NATS does not answer';
  if (error.name === 'JetStreamNotEnabled') return 'it has no leader, or JetStream is not enabled';
  return error.message;
}
