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

/** The calls of one connection that are not answered yet. They are answered in their order. */
export class CallQueue {
  readonly #context: CallQueueContext;
  #written: Promise<void> = Promise.resolve();
  #calls = 0;
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

  /** Adds a call of so many bytes, and its answer, which never rejects; undefined: nobody waits for one. */
  add(bytes: number, isFramed: boolean, answer: Promise<Buffer | undefined>): void {
    this.#count(1, bytes + CALL_COST_BYTES);
    this.#written = this.#written.then(async () => {
      const message = await answer;
      if (message !== undefined) this.#write(framed(message, isFramed));
      this.#count(-1, -bytes - CALL_COST_BYTES);
      this.#context.onLess();
    });
  }

  /** Writes this behind all answers. */
  addLast(bytes: Buffer): void {
    this.#hasLast = true;
    this.#written = this.#written.then(() => {
      this.#write(bytes);
      this.#hasLast = false;
      this.#context.onLess();
    });
  }

  /** Settles when all that is in it was answered. */
  settled(): Promise<void> {
    return this.#written;
  }

  #write(bytes: Buffer): void {
    const { socket, patience } = this.#context;
    if (socket.destroyed || socket.writableEnded) return;
    if (!socket.write(bytes)) patience.expect('the reading of its answers');
  }

  #count(calls: number, bytes: number): void {
    const { counts, total } = this.#context;
    this.#calls += calls;
    this.#bytes += bytes;
    counts.open += calls;
    total.addCall(bytes);
  }
}
