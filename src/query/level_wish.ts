/** Levels that are looked for: whatever their logger calls them, `err`, `ERROR` and pino's 50 are the same. */
import { levelNames, levelNumber } from '../shipper/processors/level.ts';
import { QueryError } from './query_error.ts';

export interface LevelWish {
  /** pino's numbers, both included. Left out where no logger known here has a level of this name. */
  readonly least?: number;
  readonly most?: number;
  /** In small letters. */
  readonly name: string;
}

/** `error`, or `warn+` for it and all that are graver. Throws QueryError where nothing says how grave the level is. */
export function levelWish(text: string): LevelWish {
  const isAtLeast = text.endsWith('+');
  const name = (isAtLeast ? text.slice(0, -1) : text).trim().toLowerCase();
  if (name === '')
    throw new QueryError(
      '--level is empty: expected a level, such as error, or warn+ for it and all that are graver',
    );
  const number = levelNumber(name);
  if (number !== undefined) return { least: number, most: isAtLeast ? Infinity : number, name };
  if (!isAtLeast) return { name };
  throw new QueryError(
    `--level is ${JSON.stringify(text)}: nothing is known of how grave ${JSON.stringify(name)} is; expected trace+, debug+, info+, warn+, error+ or fatal+`,
  );
}

/** Whether a level, as an entry has it, is wanted. */
export function isLevelWanted({ least, most, name }: LevelWish, level: string): boolean {
  const text = level.trim().toLowerCase();
  const number = levelNumber(text) ?? (/^\d+$/.test(text) ? Number(text) : undefined);
  return number === undefined || least === undefined || most === undefined
    ? text === name
    : number >= least && number <= most;
}

/** Names one of which stands in the line of an entry that has such a level as a name. */
export const namesOf = ({ least, most, name }: LevelWish): string[] =>
  least === undefined || most === undefined ? [name] : levelNames(least, most);
