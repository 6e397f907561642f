/** Which entries a viewer wants to see. An empty member wants any. */
import { DashboardError } from './dashboard_error.ts';
import type { EntryView } from './entry_view.ts';

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
  view: EntryView,
  line: () => string,
): boolean {
  if (level !== '' && !isLevelWanted(level, view.level ?? '')) return false;
  if (service !== '' && view.service !== service) return false;
  if (tag !== '' && !view.tags.includes(tag)) return false;
  return text === '' || line().includes(text);
}

function isLevelWanted(wanted: string, level: string): boolean {
  if (!wanted.endsWith('+')) return canonical(level) === canonical(wanted);
  const least = LEVELS.indexOf(canonical(wanted.slice(0, -1)));
  return least !== -1 && LEVELS.indexOf(canonical(level)) >= least;
}

const canonical = (level: string): string => SAME_LEVELS.get(level) ?? level;
