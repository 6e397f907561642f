/** Turns SIGINT and SIGTERM into a signal to stop, and a second one into the end. */
import { once } from 'node:events';
import process from 'node:process';

const EXIT_CODE_OF = { SIGINT: 130, SIGTERM: 143 } as const;
type StopSignal = keyof typeof EXIT_CODE_OF;

/**
 * The stop signal of this process: aborts at the first SIGINT or SIGTERM. The second one exits at once; so does the
 * deadline, `timeoutMs` after the first, with `onDeadline` called before.
 */
export function stopSignal(timeoutMs: number, onDeadline: () => void): AbortSignal {
  const stop = new AbortController();
  const handle = (signal: StopSignal): void => {
    if (stop.signal.aborted) process.exit(EXIT_CODE_OF[signal]);
    stop.abort(new Error(signal));
    setTimeout(() => {
      onDeadline();
      process.exit(1);
    }, timeoutMs).unref();
  };
  process.on('SIGINT', handle).on('SIGTERM', handle);
  return stop.signal;
}

/** Settles when the signal aborts. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await once(signal, 'abort');
}
