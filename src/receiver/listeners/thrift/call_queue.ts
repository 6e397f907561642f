import type { Socket } from 'node:net';
import type { ThriftCounts } from '../../../monitor/thrift_counts.ts';
import { framed } from '../../../thrift/answer.ts';
import type { Patience } from '../../patience.ts';
import type { InHandTotal } from './in_hand_total.ts';

export interface CallQueueContext {
  readonly socket: Socket;
  readonly patience: Patience;
  readonly counts: ThriftCounts;
  readonly total: InHandTotal;
  /** Called whenever something was written. */
  readonly onLess: () => void;
}

/** Of one connection, unanswered. */
const MAX_BYTES = 4 * 1024 * 1024;
const MAX_CALLS = 1024;

/** What a call costs besides its bytes. */
const CALL_COST_BYTES = 512;

/** Until a large answer is there it counts for so much. */
export const LARGE_ANSWER_BYTES = 8 * 1024 * 1024;

/** The calls of one connection that are not answered yet. They are answered in their order. */
export class CallQueue {
  readonly #context: CallQueueContext;
  #written: Promise<void> = Promise.resolve();
  #calls = 0;
  /** Of the calls, and of answers that are there or for which room is kept. */
  #bytes = 0;
  /** Something else than answers that is still to be written. */
  #hasLast = false;

  constructor(context: CallQueueContext) {
    this.#context = context;
  }

  /** No more calls are to be begun. */
  get isFull(): boolean {
    return this.#bytes > MAX_BYTES || this.#calls >= MAX_CALLS || this.#context.socket.writableNeedDrain;
  }

  /** All was answered and written. */
  get isEmpty(): boolean {
    return this.#calls === 0 && !this.#hasLast;
  }

  /**
   * Adds a call of so many bytes, and its answer, which never rejects; undefined: nobody waits for one. `kept` is what room the
   * total has for it, which is given back.
   */
  add(bytes: number, isFramed: boolean, answer: Promise<Buffer | undefined>, kept = 0): void {
    this.#count(1, bytes + CALL_COST_BYTES);
    this.#bytes += kept;
    const counted = answer.then((message) => {
      this.#countAnswer((message?.length ?? 0) - kept);
      this.#context.onLess();
      return message;
    });
    this.#written = this.#written.then(async () => {
      const message = await counted;
      if (message !== undefined) await this.#send(framed(message, isFramed));
      this.#countAnswer(-(message?.length ?? 0));
      this.#count(-1, -bytes - CALL_COST_BYTES);
      this.#context.onLess();
    });
  }

  /** Writes this behind all answers. */
  addLast(bytes: Buffer): void {
    this.#hasLast = true;
    this.#written = this.#written.then(() => {
      void this.#send(bytes);
      this.#hasLast = false;
      this.#context.onLess();
    });
  }

  /** Settles when all that is in it was answered. */
  settled(): Promise<void> {
    return this.#written;
  }

  /** Settles when there is room for more behind it, or the connection is gone. */
  async #send(bytes: Buffer): Promise<void> {
    const { socket, patience } = this.#context;
    if (socket.destroyed || socket.writableEnded) return;
    if (socket.write(bytes)) return;
    patience.expect('the reading of its answers');
    await drained(socket);
  }

  #countAnswer(bytes: number): void {
    this.#bytes += bytes;
    this.#context.total.addAnswer(bytes);
  }

  #count(calls: number, bytes: number): void {
    const { counts, total } = this.#context;
    this.#calls += calls;
    this.#bytes += bytes;
    counts.open += calls;
    total.addCall(bytes);
  }
}

function drained(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const settle = (): void => {
    socket.off('drain', settle).off('close', settle);
    resolve();
  };
  socket.on('drain', settle).on('close', settle);
  return promise;
}
