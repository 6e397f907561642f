import { showAddress, type Address } from '../base/address.ts';
import { ShipperError, type ShipperErrorCode } from './shipper_error.ts';

/** What one receiver may say and another not. The other codes speak of this shipper, and receivers that share a log say the same. */
const OF_ONE_RECEIVER: ReadonlySet<ShipperErrorCode> = new Set(['plain_receiver', 'refused', 'tls']);

/**
 * Whose turn it is, of the receivers a shipper may ship to. Each shipper has an order of its own: so they spread, and those
 * of a receiver that goes away spread over all that are left.
 */
export class Round {
  readonly #order: readonly Address[];
  #at = 0;
  /** For how long those that failed in this round asked to be left alone. */
  #askedMs: number[] = [];
  /** How many refused for good, one after the other, since one took this shipper. */
  #refusals = 0;

  /** `addresses` are at least one; `random` is in [0, 1). */
  constructor(addresses: readonly Address[], random: () => number) {
    this.#order = shuffled(addresses, random);
  }

  /** The receiver whose turn it is. */
  get address(): Address {
    return this.#order[this.#at] as Address;
  }

  /** True where there is no other to go to. */
  get isOfOne(): boolean {
    return this.#order.length === 1;
  }

  /**
   * What a connection to it ended with. The answer is the error to give up with, where neither this receiver nor another is
   * worth one more attempt; undefined where one is.
   */
  lastWord(error: Error): ShipperError | undefined {
    if (!(error instanceof ShipperError)) {
      this.#refusals = 0;
      return undefined;
    }
    this.#refusals += 1;
    const mayAnotherTakeIt = OF_ONE_RECEIVER.has(error.code) && this.#refusals < this.#order.length;
    if (mayAnotherTakeIt) return undefined;
    if (this.isOfOne) return error;
    return new ShipperError(error.code, `${showAddress(this.address)}: ${error.message}`, { cause: error });
  }

  /** The receiver whose turn it is took this shipper: that others refused is long ago. */
  wasTaken(): void {
    this.#refusals = 0;
  }

  /** A round begins with the receiver whose turn it is. */
  begin(): void {
    this.#askedMs = [];
  }

  /**
   * It failed, and asked to be left alone for so long: the next one has its turn. The answer is undefined where that one has
   * not failed in this round; else the round is over, and it says how long each of them, at least, asked for.
   */
  next(askedMs: number): number | undefined {
    this.#askedMs.push(askedMs);
    this.#at = (this.#at + 1) % this.#order.length;
    if (this.#askedMs.length < this.#order.length) return undefined;
    const leastMs = Math.min(...this.#askedMs);
    this.begin();
    return leastMs;
  }
}

/** A copy in any order, each as likely (Fisher and Yates). */
function shuffled(addresses: readonly Address[], random: () => number): Address[] {
  const left = [...addresses];
  const order: Address[] = [];
  while (left.length > 1) order.push(...left.splice(Math.floor(random() * left.length), 1));
  return [...order, ...left];
}
