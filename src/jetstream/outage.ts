/** What a stream does not take now it is asked to take again, for as long as it lasts; of all that wait one tries at a time. */
import { JetStreamApiError } from '@nats-io/jetstream';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { ArchiveError } from '../archive/archive_error.ts';
import { backoffMs } from '../base/backoff.ts';
import type { Nats } from './connection.ts';
import { isTooLarge, isWrongLast } from './jetstream_error.ts';

export interface OutageOptions {
  readonly nats: Nats;
  /** Of the stream, for people. */
  readonly stream: string;
  /** Called with what is wrong when an outage begins, and with nothing when it is over. */
  readonly onChange: (trouble: Error | undefined) => void;
  /** Called with each failure. */
  readonly onFailure: () => void;
  /** Once aborted, what fails is not tried again, and after the first failure nothing is. */
  readonly closing: AbortSignal;
}

const BACKOFF = { firstMs: 100, maxMs: 1000 };

/** So often it is asked for where nobody waits for it. */
const PROBE_EVERY_MS = 1000;

export class Outage {
  readonly #options: OutageOptions;
  #trouble: Error | undefined;
  /** Failures in a row. */
  #failures = 0;
  #isProbing = false;
  /** True once the last try has failed. */
  #isGivenUp = false;
  /** Settles when whoever tries has failed, and waited, or succeeded. */
  #trying: Promise<void> | undefined;

  /** Settles when the log closes. */
  readonly #closing: Promise<unknown>;

  constructor(options: OutageOptions) {
    this.#options = options;
    this.#closing = once(options.closing, 'abort');
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
      if (this.#isGivenUp) this.#expectPatience(begunAt, withinMs);
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

  /** Finds out whether the stream answers at all, where that is not known: others of its kind do not. Settles when it is known. */
  async look(): Promise<void> {
    if (this.#trouble === undefined) await this.#ask(0);
  }

  #ask(withinMs: number): Promise<void> {
    const { nats, stream } = this.#options;
    const info = (): Promise<unknown> => nats.ask(() => nats.manager.streams.info(stream));
    return this.persist(info, withinMs).then(
      () => undefined,
      () => undefined,
    );
  }

  /** Asks on for those who did not wait, while nobody else tries: an outage that nobody meets again has an end too. */
  async #probe(): Promise<void> {
    if (this.#isProbing) return;
    this.#isProbing = true;
    const { closing } = this.#options;
    while (this.#trouble !== undefined && !closing.aborted) {
      await delay(PROBE_EVERY_MS, undefined, { signal: closing, ref: false }).catch(() => undefined);
      if (this.#trying === undefined && this.#trouble !== undefined) await this.#ask(Infinity);
    }
    this.#isProbing = false;
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
    const { closing } = this.#options;
    if (!closing.aborted && performance.now() - begunAt < withinMs) return;
    void this.#probe();
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
    await Promise.race([this.#closing, nats.silence.lasts(error).then(() => nats.settled())]);
  }

  #works(): void {
    this.#failures = 0;
    this.#options.nats.silence.ends();
    if (this.#trouble === undefined) return;
    this.#trouble = undefined;
    this.#options.onChange(undefined);
  }

  #fails(cause: Error): void {
    this.#failures += 1;
    this.#isGivenUp = this.#options.closing.aborted;
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
