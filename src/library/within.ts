/** A timer takes no longer. */
export const LONGEST_WAIT_MS = 2 ** 31 - 1;

/** Settles as `task` does, or rejects with `late` after so long. In any case `over` then tells the task that nobody waits. */
export async function within(
  timeoutMs: number,
  late: Error,
  task: (over: AbortSignal) => Promise<void>,
): Promise<void> {
  const over = new AbortController();
  const tooLate = Promise.withResolvers<never>();
  const timer = setTimeout(() => tooLate.reject(late), Math.min(timeoutMs, LONGEST_WAIT_MS));
  try {
    await Promise.race([task(over.signal), tooLate.promise]);
  } finally {
    clearTimeout(timer);
    over.abort();
  }
}
