/**
 * Options that hold rules. A flag may be given several times; in the environment rules have `;` between them (`\;` is a
 * semicolon); in TOML they are an array of texts, or of tables.
 */
import { linearRegex, type LinearRegex } from '../base/linear_regex.ts';
import type { Kind } from './kinds.ts';

/** A pattern, looked for in a field or in the whole line. */
export interface Match {
  readonly regex: LinearRegex;
  readonly field?: string;
}

interface Rules<T> {
  readonly name: string;
  /** What one text says: several rules, where it has commas. */
  readonly fromText: (text: string) => readonly T[];
  /** What a table of TOML says. */
  readonly fromTable?: (table: Readonly<Record<string, unknown>>) => readonly T[];
}

function rules<T>({ name, fromText, fromTable = refuseTable }: Rules<T>): Kind<readonly T[]> {
  const one = (value: unknown): readonly T[] => {
    if (typeof value === 'string') return fromText(checked(value.trim()));
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return fromTable(value as Record<string, unknown>);
    throw new Error('expected texts or tables');
  };
  return {
    name,
    parse: (text) => divided(text).flatMap(one),
    fromValue: (value) => (Array.isArray(value) ? value.flatMap(one) : one(value)),
  };
}

/** At each `;` that has no backslash before it. */
const divided = (text: string): string[] =>
  text
    .split(/(?<!\\);/)
    .map((part) => part.replaceAll('\\;', ';').trim())
    .filter((part) => part !== '');

function checked(text: string): string {
  if (text === '' || text.includes('\0')) throw new Error('expected no rule that is empty, and no NUL');
  return text;
}

function refuseTable(): never {
  throw new Error('expected texts, not tables');
}

const FIELD = /^[A-Za-z_@][\w.@-]*$/;

/** `REGEX`, or `FIELD=~REGEX`. */
function matchIn(text: string): Match {
  const at = text.indexOf('=~');
  const field = at === -1 ? '' : text.slice(0, at);
  return FIELD.test(field) ? { field, regex: linearRegex(text.slice(at + 2)) } : { regex: linearRegex(text) };
}

/** Keys of a table, each a text; any other is a problem. */
function texts(
  table: Readonly<Record<string, unknown>>,
  needed: readonly string[],
  allowed: readonly string[] = [],
) {
  for (const [key, value] of Object.entries(table)) {
    if (![...needed, ...allowed].includes(key))
      throw new Error(`expected the keys ${[...needed, ...allowed].join(', ')}, and there is ${key}`);
    if (typeof value !== 'string' || value === '') throw new Error(`expected ${key} to be a text`);
  }
  const missing = needed.find((key) => !Object.hasOwn(table, key));
  if (missing !== undefined) throw new Error(`expected the key ${missing}`);
  return table as Readonly<Record<string, string>>;
}

function matchOf(table: Readonly<Record<string, string>>): Match {
  const { match = '', field } = table;
  if (field !== undefined && !FIELD.test(field)) throw new Error('expected field to be the name of a field');
  return { regex: linearRegex(match), ...(field === undefined ? {} : { field }) };
}

/** One pattern, or none. */
export const regex: Kind<LinearRegex | undefined> = {
  name: 'regex',
  parse(text) {
    if (text.includes('\0')) throw new Error('expected a regular expression without NUL');
    return text === '' ? undefined : linearRegex(text);
  },
};

/** Patterns in the line or in a field. */
export const matches = rules<Match>({
  name: 'rules',
  fromText: (text) => [matchIn(text)],
  fromTable: (table) => [matchOf(texts(table, ['match'], ['field']))],
});

/** `NAME=RULE`, or the names of built-in rules with commas between them. */
export function namedMatches<const B extends string>(builtIn: readonly B[]) {
  type Named =
    { readonly tag: string; readonly match: Match } | { readonly tag: B; readonly match?: undefined };
  const builtInOf = (name: string): { readonly tag: B } => {
    const tag = builtIn.find((one) => one === name);
    if (tag === undefined)
      throw new Error(
        `expected NAME=REGEX, or one of ${builtIn.join(', ')}; ${JSON.stringify(name)} is neither`,
      );
    return { tag };
  };
  return rules<Named>({
    name: 'rules',
    fromText(text) {
      const at = text.indexOf('=');
      if (at === -1) return text.split(',').map((name) => builtInOf(name.trim()));
      return [{ tag: nameIn(text.slice(0, at)), match: matchIn(text.slice(at + 1)) }];
    },
    fromTable(table) {
      if (Object.keys(table).join() === 'name') return [builtInOf(texts(table, ['name']).name ?? '')];
      const given = texts(table, ['name', 'match'], ['field']);
      return [{ tag: nameIn(given.name ?? ''), match: matchOf(given) }];
    },
  });
}

function nameIn(text: string): string {
  const name = text.trim();
  if (!/^[\w.:/-]{1,64}$/.test(name))
    throw new Error(`expected a name of letters and digits, not ${JSON.stringify(name)}`);
  return name;
}

/** `NAME=VALUE`; in TOML also a table of them. */
export const pairs = rules<readonly [name: string, value: string]>({
  name: 'pairs',
  fromText(text) {
    const at = text.indexOf('=');
    if (at < 1) throw new Error('expected NAME=VALUE');
    return [[fieldIn(text.slice(0, at)), text.slice(at + 1).trim()]];
  },
  fromTable: (table) =>
    Object.entries(table).map(([name, value]) => {
      if (!['string', 'number', 'boolean'].includes(typeof value))
        throw new Error(`expected ${name} to be a single value`);
      return [fieldIn(name), String(value)];
    }),
});

/** Names of fields with commas between them. */
export const fieldNames = rules<string>({
  name: 'names',
  fromText: (text) => text.split(',').map(fieldIn),
});

/** Names of columns with commas between them; any text may be one. */
export const columnNames = rules<string>({
  name: 'names',
  fromText(text) {
    const names = text.split(',').map((name) => name.trim());
    if (names.includes('') || new Set(names).size < names.length)
      throw new Error('expected names with commas between them, no two alike');
    return names;
  },
});

function fieldIn(text: string): string {
  const name = text.trim();
  if (!FIELD.test(name)) throw new Error(`expected the name of a field, not ${JSON.stringify(name)}`);
  return name;
}
