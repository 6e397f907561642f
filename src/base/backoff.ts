export interface BackoffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
}

/**
 * How long to wait before attempt `attempt` (from 0): a random time between half and all of a bound that doubles from
 * `firstMs` to `maxMs`, so that a thousand shippers don't come back at once. `random` is in [0, 1).
 */
export function backoffMs(attempt: number, { firstMs, maxMs }: BackoffOptions, random: number): number {
  const bound = Math.min(maxMs, firstMs * 2 ** Math.min(attempt, 30));
  return bound / 2 + (bound / 2) * random;
}
