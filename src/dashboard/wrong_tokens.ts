/** Guesses of the token: a wrong one is answered late, however it was shown, so that nobody tries many. */
import type { IncomingMessage } from 'node:http';
import { DashboardError } from './dashboard_error.ts';

const LATER_MS = 500;
const MAX_AT_ONCE = 20;

export class WrongTokens {
  /** How many wait, by the address they came from. */
  readonly #waiting = new Map<string, number>();

  /** Many of this peer wait: what it shows next is not looked at, as the answer would tell whether it is right. */
  isFull(request: IncomingMessage): boolean {
    return this.#waitingOf(addressOf(request)) >= MAX_AT_ONCE;
  }

  /** Waits, after a wrong one. Throws DashboardError `too_many` where many do. */
  async wait(request: IncomingMessage): Promise<void> {
    if (this.isFull(request))
      throw new DashboardError('too_many', 'too many wrong tokens at once: try again in a moment');
    const address = addressOf(request);
    this.#waiting.set(address, this.#waitingOf(address) + 1);
    await new Promise((resolve) => setTimeout(resolve, LATER_MS).unref());
    const left = this.#waitingOf(address) - 1;
    if (left > 0) this.#waiting.set(address, left);
    else this.#waiting.delete(address);
  }

  #waitingOf(address: string): number {
    return this.#waiting.get(address) ?? 0;
  }
}

const addressOf = ({ socket }: IncomingMessage): string => socket.remoteAddress ?? '';
