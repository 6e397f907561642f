/** A connection that listens for as long as it is wanted, and comes again by itself. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import { backoffMs } from '../base/backoff.ts';

const AGAIN = { firstMs: 100, maxMs: 5000 };

/**
 * Has `notified` called after each NOTIFY on the channel, and when a connection is there again. Settles once the first is there,
 * or is not; the answer ends it.
 */
export async function listenOn(
  newClient: () => Client,
  channel: string,
  notified: () => void,
): Promise<() => Promise<void>> {
  const ending = new AbortController();
  const tried = Promise.withResolvers<void>();
  const there = (): void => {
    tried.resolve();
    notified();
  };
  const listening = (async () => {
    for (let failures = 0; !ending.signal.aborted;) {
      failures = (await listenOnce(newClient, channel, there, ending.signal)) ? 0 : failures + 1;
      tried.resolve();
      const ms = backoffMs(failures, AGAIN, Math.random());
      await delay(ms, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  })();
  await tried.promise;
  return async () => {
    ending.abort();
    await listening;
  };
}

/** Listens until the connection breaks or the signal aborts; false where there was no connection. */
async function listenOnce(
  newClient: () => Client,
  channel: string,
  notified: () => void,
  signal: AbortSignal,
): Promise<boolean> {
  const broken = Promise.withResolvers<void>();
  const end = (): void => broken.resolve();
  signal.addEventListener('abort', end, { once: true });
  let client: Client | undefined;
  try {
    client = newClient();
    client.on('error', end).on('end', end).on('notification', notified);
    await client.connect();
    await client.query(`LISTEN ${channel}`);
    notified();
    await broken.promise;
    return true;
  } catch {
    return false;
  } finally {
    signal.removeEventListener('abort', end);
    await client?.end().catch(() => undefined);
  }
}
