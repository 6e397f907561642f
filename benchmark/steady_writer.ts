import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

export interface Written {
  /** When each line was handed to the stream, by the clock of `performance.now`. */
  readonly atMs: readonly number[];
  /** How late the latest line was: beyond a few milliseconds the writer itself was held up. */
  readonly behindMs: number;
}

const TICK_MS = 1;

/** Writes `rate` lines a second for so long: each millisecond those that are due, as one write. `atMs` grows meanwhile. */
export async function writeSteadily(
  stream: Writable,
  { rate, seconds, line }: { rate: number; seconds: number; line: () => string },
  atMs: number[],
  signal: AbortSignal,
): Promise<Written> {
  const startMs = performance.now();
  const total = Math.round(rate * seconds);
  let behindMs = 0;
  while (atMs.length < total) {
    await delay(TICK_MS, undefined, { signal });
    const now = performance.now();
    const due = Math.min(total, Math.floor(((now - startMs) / 1000) * rate));
    behindMs = Math.max(behindMs, now - (startMs + ((atMs.length + 1) / rate) * 1000));
    let text = '';
    while (atMs.length < due) {
      text += line();
      atMs.push(now);
    }
    if (text !== '') stream.write(text);
  }
  return { atMs, behindMs };
}
