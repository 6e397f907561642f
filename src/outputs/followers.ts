/** The followers of a receiver: a thread for each output. What happens to them stays with them. */
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Logger } from '../base/logger.ts';
import type { FollowerOrders, FollowerWord } from './follower_worker.ts';
import type { OutputName, OutputSettings } from './plans.ts';

/** A thread that fell (out of memory, say) is begun again after so long. */
const RESTART_AFTER_MS = 5000;

/**
 * Of a thread's heap. Entries die young: with more room for them a follower is no faster. V8 lets a heap grow the more
 * freely the more it may take, and it may take what an entry of 16 MiB needs at worst, which is 0.4 GiB.
 */
const HEAP = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 1024 };

/** In the built program it is JavaScript. */
const WORKER = new URL('./follower_worker.ts', import.meta.url);
const PROGRAM = import.meta.url.endsWith('.ts') ? WORKER : new URL(WORKER.href.replace(/ts$/, 'js'));

/** Starts following, into each output named. Disposing of the answer saves what they have and ends them. */
export function startFollowers(
  names: readonly OutputName[],
  settings: OutputSettings,
  log: Logger,
): AsyncDisposable {
  const stop = new AbortController();
  const running = names.map((name) => keepThread({ name, settings }, log, stop.signal));
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all(running);
    },
  };
}

/** Runs a follower's thread, again and again, until the signal aborts. */
async function keepThread(orders: FollowerOrders, log: Logger, signal: AbortSignal): Promise<void> {
  const { name } = orders;
  while (!signal.aborted) {
    const worker = new Worker(PROGRAM, {
      workerData: orders,
      name: `follower ${name}`,
      resourceLimits: HEAP,
    });
    const end = (): void => worker.postMessage('stop');
    signal.addEventListener('abort', end, { once: true });
    worker.on('message', ({ level, text }: FollowerWord) =>
      log[level]({ output: name }, `output ${name}: ${text}`),
    );
    worker.on('error', (error: Error) =>
      log.error({ err: error, output: name }, `output ${name}: its thread fell: ${error.message}`),
    );
    await new Promise((ended) => worker.once('exit', ended));
    signal.removeEventListener('abort', end);
    await delay(RESTART_AFTER_MS, undefined, { signal }).catch(() => undefined);
  }
}
