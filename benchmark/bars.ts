/** What a figure has to come to. A workload states its bars with its figures; missing one is no failure of the run. */
import { figure } from './statistics.ts';

export interface Bar {
  readonly what: string;
  readonly measured: number;
  readonly limit: number;
  readonly unit: string;
  readonly isKept: boolean;
}

export const atMost = (what: string, measured: number, limit: number, unit: string): Bar => ({
  what: `${what} at most`,
  measured,
  limit,
  unit,
  isKept: measured <= limit,
});

export const atLeast = (what: string, measured: number, limit: number, unit: string): Bar => ({
  what: `${what} at least`,
  measured,
  limit,
  unit,
  isKept: measured >= limit,
});

/** A line for each, each ended by a newline. */
export function barsText(bars: readonly Bar[]): string {
  return bars
    .map(
      ({ what, measured, limit, unit, isKept }) =>
        `- bar: ${what} ${limitText(limit)} ${unit}; measured ${figure(measured)}: ${isKept ? 'kept' : 'MISSED'}\n`,
    )
    .join('');
}

const limitText = (limit: number): string => String(Number(limit.toPrecision(3)));
