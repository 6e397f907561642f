/** What the outputs know an entry by. */
import type { BlockHeader } from '../archive/block.ts';
import type { Entry } from '../entry.ts';
import { LEVEL_MEMBERS } from '../entry/level_members.ts';
import { TIME_MEMBERS, timeOf } from '../entry/time.ts';
import type { Row } from './output.ts';
import { restOf } from './rest.ts';

export interface Columns {
  /** Milliseconds since 1970; when the receiver got it, where the entry says no time. */
  readonly timeMs: number;
  /** In capitals; pino's numbers by their names. */
  readonly level: string | null;
  readonly service: string | null;
  readonly host: string | null;
  readonly message: string | null;
  readonly tags: readonly string[] | null;
  /** Every member that is in none of the others, as JSON. */
  readonly rest: string;
  /** Who shipped it. */
  readonly shipper: string;
}

/** What is known of an entry besides what is in it. */
type Received = Pick<BlockHeader, 'receivedAtMs' | 'shipperId'>;

/** Where a column comes from: the first of these members that is there and is what it should be. */
export const MEMBERS = {
  time: TIME_MEMBERS,
  level: LEVEL_MEMBERS,
  service: ['service', 'service_name', 'svc'],
  host: ['host', 'hostname'],
  message: ['message', 'msg'],
} as const;

/** The names of pino's numbers. */
export const PINO_LEVELS: Readonly<Record<number, string>> = {
  10: 'TRACE',
  20: 'DEBUG',
  30: 'INFO',
  40: 'WARN',
  50: 'ERROR',
  60: 'FATAL',
};

export function columnsOf({ line, entry }: Row, { receivedAtMs, shipperId }: Received): Columns {
  const taken: string[] = [];
  const timeMs = takeTime(entry, taken) ?? receivedAtMs;
  const level = levelOf(entry, taken);
  const service = takeText(entry, MEMBERS.service, taken);
  const host = takeText(entry, MEMBERS.host, taken);
  const message = takeText(entry, MEMBERS.message, taken);
  const tags = tagsOf(entry);
  if (tags !== null) taken.push('tags');
  return { timeMs, level, service, host, message, tags, rest: restOf(line, taken), shipper: shipperId };
}

/** A time that says more than milliseconds of UTC stays in the rest too. */
function takeTime(entry: Entry, taken: string[]): number | undefined {
  for (const name of MEMBERS.time) {
    if (entry[name] === undefined) continue;
    const time = timeOf(entry[name]);
    if (time === undefined) continue;
    if (time.isWhole) taken.push(name);
    return time.ms;
  }
  return undefined;
}

function takeText(entry: Entry, names: readonly string[], taken: string[]): string | null {
  for (const name of names) {
    const value = entry[name];
    if (typeof value !== 'string') continue;
    taken.push(name);
    return value;
  }
  return null;
}

/** The level of an entry; the member it is in is added to `taken`. */
export function levelOf(entry: Entry, taken: string[] = []): string | null {
  for (const name of MEMBERS.level) {
    const value = entry[name];
    const isLevel = typeof value === 'string' || typeof value === 'number';
    if (!isLevel) continue;
    taken.push(name);
    return typeof value === 'number' ? (PINO_LEVELS[value] ?? String(value)) : value.trim().toUpperCase();
  }
  return null;
}

export const serviceOf = (entry: Entry): string | null => takeText(entry, MEMBERS.service, []);

/** The time an entry says, in milliseconds since 1970; undefined where it says none. */
export const timeMsOf = (entry: Entry): number | undefined => takeTime(entry, []);

/** The tags of an entry; null where it has none, or what is there is no list of texts. */
export function tagsOf({ tags }: Entry): readonly string[] | null {
  if (typeof tags === 'string') return [tags];
  return Array.isArray(tags) && tags.every((tag) => typeof tag === 'string') ? tags : null;
}
