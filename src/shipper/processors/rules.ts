/** What processors are told to do: plain data, read from the configuration by the commands. */
import type { LinearRegex } from '../../base/linear_regex.ts';

export type Format = 'none' | 'auto' | 'json' | 'csv' | 'logfmt' | 'common' | 'combined' | 'syslog' | 'regex';

/** A pattern, looked for in a field or (where none is named) in the whole line. */
export interface Match {
  readonly regex: LinearRegex;
  readonly field?: string;
}

export type BuiltInTag = 'auth' | 'payment' | 'api';
export type BuiltInRedaction = 'email' | 'card' | 'token';
export type MinLevel = 'all' | 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** `match` is left out where the tag is one of the built-in ones. */
export type TagRule =
  { readonly tag: string; readonly match: Match } | { readonly tag: BuiltInTag; readonly match?: undefined };

export type Redaction =
  | { readonly name: string; readonly regex: LinearRegex }
  | { readonly name: BuiltInRedaction; readonly regex?: undefined };

export interface MultilineRules {
  /** A line it matches begins an entry; other lines belong to the one before. */
  readonly start: LinearRegex | undefined;
  /** Lines that begin with white space belong to the one before. */
  readonly indent: boolean;
  readonly maxLines: number;
  readonly maxBytes: number;
}

export interface ProcessorRules {
  readonly parse: Format;
  /** For `regex`: its named groups become fields. */
  readonly pattern: LinearRegex | undefined;
  /** For `csv`: the names of the columns; none where the first line holds them. */
  readonly columns: readonly string[];
  /** For `csv`: one character. */
  readonly separator: string;
  readonly multiline: MultilineRules;
  readonly include: readonly Match[];
  readonly exclude: readonly Match[];
  readonly minLevel: MinLevel;
  readonly tags: readonly TagRule[];
  readonly add: readonly (readonly [name: string, value: string])[];
  readonly drop: readonly string[];
  readonly redact: readonly Redaction[];
}

/** True where lines are joined to entries. */
export const joinsLines = ({ start, indent }: MultilineRules): boolean => start !== undefined || indent;

/** True where an entry may be changed on its way. */
export const edits = ({ tags, add, drop, redact }: ProcessorRules): boolean =>
  [tags, add, drop, redact].some((rules) => rules.length > 0);

/** True where a rule looks at a field. */
export const looksAtFields = ({ include, exclude, tags, minLevel }: ProcessorRules): boolean =>
  minLevel !== 'all' ||
  [...include, ...exclude, ...tags.flatMap(({ match }) => match ?? [])].some(
    ({ field }) => field !== undefined,
  );

/** False where no processor is asked for: then no line is looked into. */
export const asksForAnything = (rules: ProcessorRules): boolean =>
  rules.parse !== 'none' ||
  joinsLines(rules.multiline) ||
  edits(rules) ||
  looksAtFields(rules) ||
  rules.include.length + rules.exclude.length > 0;
