/** How grave an entry is, whatever its logger calls it: the numbers are pino's. */
import type { MinLevel } from './rules.ts';

const BY_NAME: ReadonlyMap<string, number> = new Map(
  Object.entries({
    ...{ trace: 10, verbose: 10, finest: 10, finer: 10 },
    ...{ debug: 20, fine: 20, config: 20, dbug: 20, dbg: 20 },
    ...{ info: 30, information: 30, informational: 30, notice: 35, inf: 30 },
    ...{ warn: 40, warning: 40, wrn: 40 },
    ...{ error: 50, err: 50, severe: 50 },
    ...{ fatal: 60, critical: 60, crit: 60, alert: 60, emerg: 60, emergency: 60, panic: 60 },
  }),
);

/** In text that no format was found in: a level in capitals near its beginning. */
const IN_TEXT =
  /\b(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|CRITICAL|CRIT|ALERT|EMERG|FATAL|PANIC)\b/;
const NEAR_BEGINNING = 128;

/** The number of a level by name or number (as text), or undefined where it is not known. */
export function levelNumber(text: string): number | undefined {
  const known = BY_NAME.get(text.toLowerCase());
  if (known !== undefined) return known;
  return /^\d{2}$/.test(text) ? Number(text) : undefined;
}

/** The names of levels from `least` to `most`, in small letters. */
export const levelNames = (least: number, most: number): string[] =>
  [...BY_NAME].filter(([, number]) => number >= least && number <= most).map(([name]) => name);

/** The level a text speaks of, or undefined. */
export function levelInText(text: string): number | undefined {
  const found = IN_TEXT.exec(text.slice(0, NEAR_BEGINNING));
  return found === null ? undefined : levelNumber(found[0]);
}

/** The number an entry must reach; undefined where none is asked for. */
export const leastLevel = (level: MinLevel): number | undefined =>
  level === 'all' ? undefined : levelNumber(level);
