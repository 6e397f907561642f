import { Signal } from '../../../base/signal.ts';
import { ThriftError } from '../../../thrift/thrift_error.ts';

/** What all connections of a listener have in memory together: messages half read, calls not answered, answers not sent. */
export class InHandTotal {
  readonly #maxBytes: number;
  readonly #less = new Signal();
  #calls = 0;
  #pending = 0;
  #answers = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Counts a call that was read, or, with a negative number, that was answered. */
  addCall(bytes: number): void {
    this.#calls += bytes;
    if (bytes < 0) this.#less.notify();
  }

  /** Counts an answer, or what room is kept for one; with a negative number, what was sent of it or is not needed. */
  addAnswer(bytes: number): void {
    this.#answers += bytes;
    if (bytes < 0) this.#less.notify();
  }

  /** Whether an answer of so many bytes may be made. */
  hasRoomFor(bytes: number): boolean {
    return this.#answers === 0 || this.#answers + bytes <= this.#maxBytes;
  }

  /** Counts what came of a message that is not whole. Throws ThriftError `busy` where that is too much: waiting would not make it less. */
  addPending(bytes: number): void {
    this.#pending += bytes;
    if (bytes > 0 && this.#pending > this.#maxBytes)
      throw new ThriftError('busy', 'too many large messages are being received at once: try again later');
  }

  get isFull(): boolean {
    return this.#calls > this.#maxBytes;
  }

  /** Settles when it is less. */
  less(): Promise<void> {
    return this.#less.wait();
  }
}
