import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from '../../base/backoff.ts';
import type { Drained } from '../user_buffer.ts';
import type { Drainer } from './drainer.ts';

export interface KeepDrainingOptions {
  readonly drainer: Pick<Drainer, 'drain'>;
  readonly intervalMs: number;
  /** Takes no further chunk and ends. */
  readonly signal: AbortSignal;
  /** Redis or the disk can't: told once, and again where the reason changes. */
  readonly troubled: (error: Error) => void;
  readonly recovered: () => void;
  readonly drained?: (drained: Drained) => void;
}

const AFTER_TROUBLE = { firstMs: 500, maxMs: 10_000 };

/** Drains now, and every `intervalMs`, until the signal aborts; sooner where it did not work. */
export async function keepDraining(options: KeepDrainingOptions): Promise<void> {
  const { drainer, intervalMs, signal, troubled, recovered, drained } = options;
  let trouble: string | undefined;
  for (let failures = 0; !signal.aborted;) {
    let waitMs = intervalMs;
    try {
      const moved = await drainer.drain(signal);
      if (trouble !== undefined) recovered();
      [trouble, failures] = [undefined, 0];
      drained?.(moved);
    } catch (error) {
      if (signal.aborted) return;
      const { message } = error as Error;
      if (trouble !== message) troubled(error as Error);
      trouble = message;
      waitMs = Math.min(intervalMs, backoffMs(failures, AFTER_TROUBLE, Math.random()));
      failures += 1;
    }
    await delay(waitMs, undefined, { signal }).catch(() => undefined);
  }
}
