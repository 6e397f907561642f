import { ShipperError } from './shipper_error.ts';

/** A receiver that was never heard is taken for a plain one, or waited for longest, after so many connections. */
const SILENCES = 5;

/** The receiver took the connection and did not answer HELLO in time: it is a plain one, or busy. */
export class NoWelcome extends Error {
  readonly code = 'no_welcome';

  constructor(waitedMs: number) {
    super(
      `the receiver did not answer HELLO within ${waitedMs / 1000} s (HELLO_TIMEOUT): it is busy, or one of the original protocol`,
    );
  }
}

/**
 * How long a receiver is waited for, and what its silence means. One that has ever answered is only busy, however long it
 * takes; another is waited for longer each time, and then taken for what it seems to be.
 */
export class HelloPatience {
  readonly #helloTimeoutMs: number;
  #silences = 0;
  #hasAnswered = false;

  constructor(helloTimeoutMs: number) {
    this.#helloTimeoutMs = helloTimeoutMs;
  }

  /** True once a WELCOME came. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  /** How long the next connection waits for WELCOME. */
  get timeoutMs(): number {
    return this.#helloTimeoutMs * (this.#hasAnswered ? SILENCES : this.#silences + 1);
  }

  answered(): void {
    this.#hasAnswered = true;
  }

  /** What the end of a connection means: itself, or ShipperError `plain_receiver` for one silence too many in a row. */
  judge(error: Error): Error {
    if (!(error instanceof NoWelcome)) this.#silences = 0;
    else if (!this.#hasAnswered) this.#silences += 1;
    if (this.#silences < SILENCES) return error;
    return new ShipperError(
      'plain_receiver',
      `the receiver took ${SILENCES} connections and answered no HELLO, within ${this.#helloTimeoutMs / 1000} s and up to ${SILENCES} times that (HELLO_TIMEOUT); DELIVERY=acked wants one that acknowledges`,
      { cause: error },
    );
  }
}
