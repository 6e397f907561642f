/** Which entries a viewer wants to see. An empty member wants any. */
import { DashboardError } from './dashboard_error.ts';
import type { EntryNames } from './entry_view.ts';
import { shortCopy } from './short_copy.ts';

export interface EntryFilter {
  /** `ERROR`, or `WARN+` for it and all that are worse. */
  readonly level: string;
  readonly service: string;
  readonly tag: string;
  /** Anywhere in the line, in any case. */
  readonly text: string;
}

const MEMBERS = ['level', 'service', 'tag', 'text'] as const;

const MAX_LENGTH = 200;

/** An entry that has more tags is found by the first of them, once it is past. */
const MAX_KEPT_TAGS = 50;

/** From the mildest to the worst. */
const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'NOTICE', 'WARN', 'ERROR', 'FATAL'];

const SAME_LEVELS: ReadonlyMap<string, string> = new Map([
  ['WARNING', 'WARN'],
  ['ERR', 'ERROR'],
  ['CRITICAL', 'FATAL'],
  ['CRIT', 'FATAL'],
  ['ALERT', 'FATAL'],
  ['EMERG', 'FATAL'],
  ['PANIC', 'FATAL'],
]);

/** The filter that the query of an address says. Throws DashboardError `bad_request` for a member that is too long. */
export function filterOf(query: URLSearchParams): EntryFilter {
  const [level, service, tag, text] = MEMBERS.map((name) => {
    const value = query.get(name)?.trim() ?? '';
    if (value.length > MAX_LENGTH)
      throw new DashboardError('bad_request', `${name} is longer than ${MAX_LENGTH} characters`);
    return value;
  }) as [string, string, string, string];
  return { level: level.toUpperCase(), service, tag, text: text.toLowerCase() };
}

/** The same for all filters that want the same. */
export const keyOf = (filter: EntryFilter): string => JSON.stringify(MEMBERS.map((name) => filter[name]));

/** Whether an entry is wanted; `line` is asked for the whole of it in lower case, if need be. */
export function isWanted(
  { level, service, tag, text }: EntryFilter,
  names: EntryNames,
  line: () => string,
): boolean {
  if (level !== '' && !isLevelWanted(level, names.level ?? '')) return false;
  if (service !== '' && names.service !== service) return false;
  if (tag !== '' && !names.tags.includes(tag)) return false;
  return text === '' || line().includes(text);
}

/** These for keeping: as much of them as a filter can want, and no more tags than that. */
export const keptNames = ({ level, service, tags }: EntryNames): EntryNames => ({
  level: level === null ? null : keptName(level),
  service: service === null ? null : keptName(service),
  tags: tags.slice(0, MAX_KEPT_TAGS).map(keptName),
});

/** A letter more than a filter has: what is longer stays something else than what is not. */
const keptName = (name: string): string => shortCopy(name, MAX_LENGTH + 1);

function isLevelWanted(wanted: string, level: string): boolean {
  if (!wanted.endsWith('+')) return canonical(level) === canonical(wanted);
  const least = LEVELS.indexOf(canonical(wanted.slice(0, -1)));
  return least !== -1 && LEVELS.indexOf(canonical(level)) >= least;
}

const canonical = (level: string): string => SAME_LEVELS.get(level) ?? level;
