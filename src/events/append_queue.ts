/** Calls that wait for a transaction, with a bound on all that are not answered yet. */
import type { AppendAnswer } from './append_transaction.ts';
import type { AppendRequest, Appended } from './append_request.ts';
import { EventStoreError } from './event_store_error.ts';

/** What one transaction takes, but for a call that has more by itself. */
const GROUP_EVENTS = 2000;
const GROUP_BYTES = 8 * 1024 * 1024;

/** What is not answered yet; who comes when there is more is turned away. */
const MAX_EVENTS = 200_000;
const MAX_BYTES = 256 * 1024 * 1024;

export interface Call {
  readonly request: AppendRequest;
  readonly bytes: number;
  readonly answered: Promise<readonly Appended[]>;
  readonly answer: (answer: AppendAnswer) => void;
}

export class AppendQueue {
  #waiting: Call[] = [];
  #events = 0;
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** A call that counts from now until it is answered. Throws EventStoreError `overloaded`. */
  call(request: AppendRequest): Call {
    const events = request.events.length;
    const bytes = request.events.reduce((sum, { payload }) => sum + payload.byteLength, 0);
    if (this.#events + events > MAX_EVENTS || this.#bytes + bytes > MAX_BYTES)
      throw new EventStoreError(
        'overloaded',
        `${this.#events} events of ${this.#bytes} bytes wait to be stored already`,
      );
    this.#events += events;
    this.#bytes += bytes;
    const { promise, resolve, reject } = Promise.withResolvers<readonly Appended[]>();
    const answer = (given: AppendAnswer): void => {
      this.#events -= events;
      this.#bytes -= bytes;
      if (given instanceof Error) reject(given);
      else resolve(given);
    };
    return { request, bytes, answered: promise, answer };
  }

  add(calls: readonly Call[]): void {
    this.#waiting.push(...calls);
  }

  /** Calls that were taken, and come first again. */
  putBack(calls: readonly Call[]): void {
    this.#waiting.unshift(...calls);
  }

  /** The calls of the next transaction, in the order in which they came. */
  take(): Call[] {
    let [events, bytes, count] = [0, 0, 0];
    for (const call of this.#waiting) {
      events += call.request.events.length;
      bytes += call.bytes;
      if (count > 0 && (events > GROUP_EVENTS || bytes > GROUP_BYTES)) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }
}
