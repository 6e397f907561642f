/** What is looked for in an archive. */
import { groupNames, linearRegex } from '../base/linear_regex.ts';
import { levelWish, type LevelWish } from './level_wish.ts';
import { momentOf } from './moment.ts';
import { QueryError } from './query_error.ts';

/** Plain data, as it goes to other threads. What is left out, or empty, wants any. */
export interface Query {
  /** From this moment on, and before that one: milliseconds since 1970. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
  /** One of these. */
  readonly levels: readonly LevelWish[];
  /** One of these; `*` in them stands for anything. */
  readonly services: readonly string[];
  /** All of these; `*` in them stands for anything. */
  readonly tags: readonly string[];
  /** All of these. */
  readonly fields: readonly FieldWish[];
  /** A regular expression of RE2 that matches somewhere in the line as it is stored. */
  readonly pattern?: string;
  /** The shipper that sent it. */
  readonly shipper?: string;
}

export interface FieldWish {
  /** The names that lead to it: `user.id` is `['user', 'id']`. */
  readonly path: readonly string[];
  /** As it is written, a text without its quotes; `*` in it stands for anything. */
  readonly value: string;
}

/** A query as people write it. */
export interface QueryOptions {
  /** ISO 8601, how long ago (`15m`), or seconds or milliseconds since 1970. */
  readonly since?: string;
  readonly until?: string;
  /** `error`, `warn+` for it and all that are graver, or several with commas. */
  readonly level?: string | readonly string[];
  readonly service?: string | readonly string[];
  readonly tag?: string | readonly string[];
  /** `name=value`. */
  readonly field?: string | readonly string[];
  /** A regular expression (RE2). */
  readonly grep?: string;
  /** The expression takes capitals and small letters for the same. */
  readonly ignoreCase?: boolean;
  readonly shipper?: string;
}

/** A text that is longer is no question of a person. */
const MAX_PATTERN_LENGTH = 10_000;

/** The query that these options ask for, at `nowMs`. Throws QueryError where one of them says nothing that can be looked for. */
export function parseQuery(options: QueryOptions, nowMs: number): Query {
  const { since, until, shipper } = options;
  const sinceMs = since === undefined ? undefined : momentOf('since', since, nowMs);
  const untilMs = until === undefined ? undefined : momentOf('until', until, nowMs);
  if (sinceMs !== undefined && untilMs !== undefined && sinceMs >= untilMs)
    throw new QueryError(
      `--until ${String(until)} is not after --since ${String(since)}: nothing can be between them`,
    );
  const pattern = patternIn(options);
  return {
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(untilMs === undefined ? {} : { untilMs }),
    levels: listOf(options.level)
      .flatMap((text) => text.split(','))
      .map(levelWish),
    services: listOf(options.service).map((text) => notEmpty('service', text)),
    tags: listOf(options.tag).map((text) => notEmpty('tag', text)),
    fields: listOf(options.field).map(fieldIn),
    ...(pattern === undefined ? {} : { pattern }),
    ...(shipper === undefined ? {} : { shipper }),
  };
}

/** True where the header of a block may say that none of its entries is wanted. */
export const saysWhich = ({ sinceMs, untilMs, shipper }: Query): boolean =>
  sinceMs !== undefined || untilMs !== undefined || shipper !== undefined;

/** True where the line itself has to be looked at, and not its time and shipper alone. */
export const looksIntoLines = ({ levels, services, tags, fields, pattern }: Query): boolean =>
  levels.length + services.length + tags.length + fields.length > 0 || pattern !== undefined;

function patternIn({ grep, ignoreCase = false }: QueryOptions): string | undefined {
  if (grep === undefined) return undefined;
  if (grep.length > MAX_PATTERN_LENGTH)
    throw new QueryError(`--grep is longer than ${MAX_PATTERN_LENGTH} characters`);
  try {
    linearRegex(grep);
    groupNames(grep);
  } catch (cause) {
    throw new QueryError(`--grep: ${(cause as Error).message}`, { cause });
  }
  return ignoreCase ? `(?i)${grep}` : grep;
}

function fieldIn(text: string): FieldWish {
  const at = text.indexOf('=');
  const path = text.slice(0, Math.max(0, at)).split('.');
  if (at === -1 || path.includes(''))
    throw new QueryError(
      `--field is ${JSON.stringify(text)}: expected name=value, such as user_id=42 or user.id=42`,
    );
  return { path, value: text.slice(at + 1) };
}

function notEmpty(name: string, text: string): string {
  if (text === '') throw new QueryError(`--${name} is empty: leave it out to have all`);
  return text;
}

const listOf = (wish: string | readonly string[] = []): readonly string[] =>
  typeof wish === 'string' ? [wish] : wish;
