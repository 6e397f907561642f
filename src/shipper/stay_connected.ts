import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from '../base/backoff.ts';
import type { Logger } from '../base/logger.ts';
import { ShipperError } from './shipper_error.ts';

export interface StayConnectedOptions {
  /** Connects, and uses the connection until it is gone; the answer is why it is, or undefined where it was to end. */
  readonly connect: () => Promise<Error | undefined>;
  /** How long the other side asked us to stay away, since it was last asked. */
  readonly returnAfterMs: () => number | undefined;
  readonly reconnect: { readonly firstMs: number; readonly maxMs: number };
  /** For the log: the host and port. */
  readonly where: string;
  readonly random: () => number;
  readonly log: Logger;
}

/** A receiver that asks for more than this is not heard. */
const LONGEST_ABSENCE_MS = 60_000;

/** A connection that lasted this long was a good one: the next attempt comes at once. */
const GOOD_CONNECTION_MS = 5000;

/**
 * Connects again and again, with growing waits while it does not work, until `stop` aborts. Rejects with ShipperError
 * where trying again would not help.
 */
export async function stayConnected(
  { connect, returnAfterMs, reconnect, where, random, log }: StayConnectedOptions,
  stop: AbortSignal,
): Promise<void> {
  for (let attempt = 0; !stop.aborted; attempt += 1) {
    const startedAt = performance.now();
    const broken = await connect();
    if (broken === undefined || stop.aborted) return;
    if (broken instanceof ShipperError) throw broken;
    if (performance.now() - startedAt > GOOD_CONNECTION_MS) attempt = 0;
    const asked = Math.min(returnAfterMs() ?? 0, LONGEST_ABSENCE_MS);
    const waitMs = Math.max(asked, backoffMs(attempt, reconnect, random()));
    log.warn(
      { attempt, waitMs: Math.round(waitMs) },
      `no connection to ${where} (${describe(broken)}); trying again in ${(waitMs / 1000).toFixed(1)} s`,
    );
    await delay(waitMs, undefined, { signal: stop }).catch(() => undefined);
  }
}

const describe = (error: Error & { code?: string }): string => error.message || (error.code ?? 'unknown');
