import { setTimeout as delay } from 'node:timers/promises';
import { showAddress } from '../base/address.ts';
import { backoffMs } from '../base/backoff.ts';
import type { Logger } from '../base/logger.ts';
import type { Round } from './round.ts';

export interface StayConnectedOptions {
  /** The receivers, and whose turn it is. */
  readonly round: Round;
  /** Connects to the one whose turn it is, and uses the connection until it is gone; the answer is why it is, or undefined where it was to end. */
  readonly connect: () => Promise<Error | undefined>;
  /** How long the other side asked us to stay away, since it was last asked. */
  readonly returnAfterMs: () => number | undefined;
  readonly reconnect: { readonly firstMs: number; readonly maxMs: number };
  readonly random: () => number;
  readonly log: Logger;
}

/** A receiver that asks for more than this is not heard. */
const LONGEST_ABSENCE_MS = 60_000;

/** A connection that lasted this long was a good one: the next attempt comes at once. */
const GOOD_CONNECTION_MS = 5000;

/**
 * Connects again and again until `stop` aborts: to the next receiver at once, and with growing waits once all of them have
 * failed. Rejects with ShipperError where trying again would not help.
 */
export async function stayConnected(
  { round, connect, returnAfterMs, reconnect, random, log }: StayConnectedOptions,
  stop: AbortSignal,
): Promise<void> {
  for (let attempt = 0; !stop.aborted;) {
    const startedAt = performance.now();
    const broken = await connect();
    if (broken === undefined || stop.aborted) return;
    const lastWord = round.lastWord(broken);
    if (lastWord !== undefined) throw lastWord;
    if (performance.now() - startedAt > GOOD_CONNECTION_MS) {
      attempt = 0;
      round.begin();
    }
    const failed = `no connection to ${showAddress(round.address)} (${describe(broken)})`;
    const askedMs = round.next(returnAfterMs() ?? 0);
    const next = round.isOfOne ? 'trying again' : `trying ${showAddress(round.address)}`;
    if (askedMs === undefined) {
      log.warn(`${failed}; ${next}`);
      continue;
    }
    const waitMs = Math.max(Math.min(askedMs, LONGEST_ABSENCE_MS), backoffMs(attempt, reconnect, random()));
    log.warn(
      { attempt, waitMs: Math.round(waitMs) },
      `${failed}; ${next} in ${(waitMs / 1000).toFixed(1)} s`,
    );
    await delay(waitMs, undefined, { signal: stop }).catch(() => undefined);
    attempt += 1;
  }
}

const describe = (error: Error & { code?: string }): string => error.message || (error.code ?? 'unknown');
