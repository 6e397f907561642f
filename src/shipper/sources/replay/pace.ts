import { setTimeout as delay } from 'node:timers/promises';

/** Longer than a timer runs. */
const MOST_MS = 2 ** 31 - 1;

/** Keeps what was recorded as far apart as it was, or so many times closer. */
export class Pace {
  readonly #speed: number;
  #begun: { readonly recordedMs: number; readonly atMs: number } | undefined;

  /** `speed` 0: nothing waits. */
  constructor(speed: number) {
    this.#speed = speed;
  }

  /** Settles when it is time for what was recorded then (milliseconds since 1970), or when the signal aborts. The first waits for nothing. */
  async wait(recordedMs: number, signal: AbortSignal): Promise<void> {
    if (this.#speed === 0) return;
    const begun = (this.#begun ??= { recordedMs, atMs: performance.now() });
    const dueMs = begun.atMs + (recordedMs - begun.recordedMs) / this.#speed;
    for (let left = dueMs - performance.now(); left > 0 && !signal.aborted; left = dueMs - performance.now())
      await delay(Math.min(left, MOST_MS), undefined, { signal }).catch(() => undefined);
  }
}
