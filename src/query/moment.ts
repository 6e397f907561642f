/** Moments as people write them who look for something. */
import { parseTime } from '../base/time.ts';
import { QueryError } from './query_error.ts';

/** The same figure is of seconds or of milliseconds by its length: both hold for the years 2001 to 2286. */
const SECONDS = /^\d{10}(?:\.\d{1,9})?$/;
const MILLISECONDS = /^\d{13}$/;

const TIME_WITHOUT_ZONE = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?$/;

/**
 * Milliseconds since 1970 of `15m`, `2h`, `3d` (ago), of ISO 8601 (no zone: UTC), or of seconds or milliseconds since 1970.
 * Throws QueryError for anything else; `name` is the option it was written for.
 */
export function momentOf(name: string, text: string, nowMs: number): number {
  if (MILLISECONDS.test(text)) return Number(text);
  if (SECONDS.test(text)) return Math.round(Number(text) * 1000);
  try {
    return parseTime(TIME_WITHOUT_ZONE.test(text) ? `${text}Z` : text, nowMs);
  } catch (cause) {
    throw new QueryError(
      `--${name} is ${JSON.stringify(text)}: expected how long ago (30s, 15m, 2h, 3d), ISO 8601 (2026-01-31, 2026-01-31T12:00:00Z; UTC where it names no zone), or seconds or milliseconds since 1970 (1769860800, 1769860800000)`,
      { cause },
    );
  }
}
