import type { Address } from '../base/address.ts';
import type { Round } from './round.ts';
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
 * How long the receiver whose turn it is is waited for, and what its silence means. One that has ever answered is only busy,
 * however long it takes; another is waited for longer each time, and then taken for what it seems to be. Of a list one that
 * answered speaks for all; and as there are others to go to, none is waited for longer at once.
 */
export class HelloPatience {
  readonly #helloTimeoutMs: number;
  readonly #round: Round;
  /** How often in a row each was silent. */
  readonly #silences = new Map<Address, number>();
  #hasAnswered = false;

  constructor(helloTimeoutMs: number, round: Round) {
    this.#helloTimeoutMs = helloTimeoutMs;
    this.#round = round;
  }

  /** True where silence may mean a receiver of the original protocol: there is only one, and a WELCOME never came. */
  get mayBePlain(): boolean {
    return this.#round.isOfOne && !this.#hasAnswered;
  }

  /** How long the next connection waits for WELCOME. */
  get timeoutMs(): number {
    const isOnlyBusy = this.#round.isOfOne && this.#hasAnswered;
    return this.#helloTimeoutMs * (isOnlyBusy ? SILENCES : Math.min(this.#silent + 1, SILENCES));
  }

  answered(): void {
    this.#hasAnswered = true;
    this.#silences.delete(this.#round.address);
  }

  /** What the end of a connection means: itself, or ShipperError `plain_receiver` for one silence too many in a row. */
  judge(error: Error): Error {
    this.#silences.set(this.#round.address, error instanceof NoWelcome ? this.#silent + 1 : 0);
    if (this.#hasAnswered || this.#silent < SILENCES) return error;
    return new ShipperError(
      'plain_receiver',
      `the receiver took ${SILENCES} connections and answered no HELLO, within ${this.#helloTimeoutMs / 1000} s and up to ${SILENCES} times that (HELLO_TIMEOUT); DELIVERY=acked, and a list of receivers, want such as acknowledge`,
      { cause: error },
    );
  }

  get #silent(): number {
    return this.#silences.get(this.#round.address) ?? 0;
  }
}
