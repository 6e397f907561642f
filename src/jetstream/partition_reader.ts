/** Reads the stream of a partition in order, from a place on, and tells what is not there any more. */
import { AckPolicy, DeliverPolicy } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { Nats } from './connection.ts';
import { expectWhole } from './expect_whole.ts';
import { pull, type PullWishes, type StreamMessage } from './pull.ts';

/** A stretch of the stream, without a hole. */
export interface Stretch {
  /** The first and the last stream sequence it stands for; one before the first where it is empty. */
  readonly from: number;
  readonly to: number;
  readonly messages: readonly StreamMessage[];
  /** How many of them are gone: too old, or deleted by hand. */
  readonly missing: number;
}

export interface ReaderOptions {
  readonly nats: Nats;
  readonly stream: string;
  /** The stream sequence to begin with. */
  readonly from: number;
  /** Without payloads: subjects and sequences are wanted. */
  readonly isHeadersOnly?: boolean;
}

/** What is asked for at once, but for one message that alone is longer. */
const MAX_BYTES = 4 * 1024 * 1024;

/** What counts of a message besides what it may be long. */
const SUBJECT_BYTES = 64 * 1024;

/** What is there. */
const ALL = { atMost: 500, waitMs: 0 };

/** The next that comes; after so long without one it is looked whether some are gone. */
const FIRST = { atMost: 1, waitMs: 1000 };

/** Behind the first message after a pause others come, which are taken with it. */
const LINGER_MS = 20;

/** NATS forgets a consumer that asks for nothing for so long. */
const FORGOTTEN_AFTER_MS = 60_000;

export class PartitionReader implements AsyncDisposable {
  readonly #options: ReaderOptions;
  #next: number;
  #consumer: string | undefined;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#next = options.from;
  }

  /**
   * What comes next; a stretch of nothing where nothing came for a second, or until the signal aborts, with which the reader
   * ends. After a rejection (NATS is away, has lost the consumer) it goes on where it was.
   */
  async next(signal?: AbortSignal): Promise<Stretch> {
    try {
      const from = this.#next;
      let messages = await this.#messages(signal);
      while (await this.#hasPassedOver(messages)) {
        await this[Symbol.asyncDispose]();
        messages = await this.#messages(signal);
      }
      const to = messages.at(-1)?.sequence ?? (await this.#lastGone());
      this.#next = to + 1;
      return { from, to, messages, missing: to - from + 1 - messages.length };
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { nats, stream } = this.#options;
    const consumer = this.#consumer;
    this.#consumer = undefined;
    if (consumer === undefined) return;
    // Where it can't be told, NATS forgets it by itself.
    await nats.ask(() => nats.manager.consumers.delete(stream, consumer)).catch(() => undefined);
  }

  async #messages(signal?: AbortSignal): Promise<StreamMessage[]> {
    const there = await this.#pull(ALL);
    if (there.length > 0) return there;
    if (signal?.aborted === true) return [];
    const first = await this.#pull({ ...FIRST, ...(signal === undefined ? {} : { signal }) });
    if (first.length === 0) return first;
    await new Promise((resolve) => setTimeout(resolve, LINGER_MS));
    return [...first, ...(await this.#pull(ALL))];
  }

  async #pull(wishes: Omit<PullWishes, 'maxBytes'>): Promise<StreamMessage[]> {
    const { nats, stream } = this.#options;
    const from = { stream, consumer: (this.#consumer ??= await this.#begin()) };
    const some = await pull(nats, from, { ...wishes, maxBytes: MAX_BYTES });
    if (some !== undefined) return some;
    const maxBytes = nats.maxMessageBytes + SUBJECT_BYTES;
    return (await pull(nats, from, { ...wishes, atMost: 1, maxBytes })) ?? [];
  }

  /** True where the stream has a message that its consumer did not give, or gave to a request that was left: nothing is called gone unasked. */
  async #hasPassedOver(messages: readonly StreamMessage[]): Promise<boolean> {
    let next = this.#next;
    for (const { sequence } of messages) {
      if (sequence > next && ((await this.#isThere(next)) || (await this.#isThere(sequence - 1))))
        return true;
      next = sequence + 1;
    }
    return false;
  }

  async #isThere(sequence: number): Promise<boolean> {
    const { nats, stream } = this.#options;
    const query = { seq: sequence };
    return (await nats.ask(() => nats.manager.streams.getMessage(stream, query))) !== null;
  }

  /** The last stream sequence before the first message there is, or before the next where none is gone. */
  async #lastGone(): Promise<number> {
    const { nats, stream } = this.#options;
    const { state } = await nats.ask(() => nats.manager.streams.info(stream));
    expectWhole(stream, state.last_seq, this.#next - 1);
    return Math.max(this.#next, state.first_seq) - 1;
  }

  async #begin(): Promise<string> {
    const { nats, stream, isHeadersOnly = false } = this.#options;
    const { state } = await nats.ask(() => nats.manager.streams.info(stream));
    expectWhole(stream, state.last_seq, this.#next - 1);
    const { name } = await nats.ask(() =>
      nats.manager.consumers.add(stream, {
        ack_policy: AckPolicy.None,
        deliver_policy: DeliverPolicy.StartSequence,
        opt_start_seq: this.#next,
        headers_only: isHeadersOnly,
        mem_storage: true,
        num_replicas: 1,
        inactive_threshold: nanos(FORGOTTEN_AFTER_MS),
      }),
    );
    return name;
  }
}
