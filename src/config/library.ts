/** The options of the library: those of a shipper from the option table in camelCase, and a few of its own. */
import type { Kind } from './kinds.ts';
import { ConfigError, loadSettings } from './load.ts';
import type { Option } from './option.ts';
import { OPTIONS, type Settings } from './options.ts';
import { LIBRARY_ONLY_OPTIONS } from './options/library.ts';
import { PROCESSOR_OPTIONS } from './options/processors.ts';
import { SHIPPER_OPTIONS } from './options/shipper.ts';

/** Options of the table that the library takes. */
const SHARED = [
  ...(['SERVER_HOST', 'SERVER_PORT'] as const),
  ...keysOf(SHIPPER_OPTIONS),
  ...keysOf(PROCESSOR_OPTIONS).filter(isOfOneLine),
  ...(['AUTH_TOKEN', 'AUTH_TOKEN_FILE'] as const),
  ...(['TLS_ENABLED', 'TLS_SERVER_NAME', 'TLS_CERT', 'TLS_KEY', 'TLS_CA'] as const),
  ...(['MAX_LINE_BYTES', 'SHUTDOWN_TIMEOUT', 'LOG_LEVEL'] as const),
] as const;

type SharedName = (typeof SHARED)[number];
type OwnName = keyof typeof LIBRARY_ONLY_OPTIONS;
type OwnSettings = {
  readonly [Name in OwnName]: ReturnType<(typeof LIBRARY_ONLY_OPTIONS)[Name]['kind']['parse']>;
};

/** Where the library has another default than the programs: it may not wait, and doesn't guess what the receiver is. */
const OTHER_DEFAULTS: Partial<Record<SharedName, string>> = {
  SERVER_HOST: '127.0.0.1',
  DELIVERY: 'acked',
  SPOOL_FULL: 'drop_newest',
  LOG_LEVEL: 'warn',
};

/** `BATCH_SIZE` → `batchSize` */
type CamelCase<Name extends string> = Name extends `${infer First}_${infer Rest}`
  ? `${Lowercase<First>}${Capitalize<CamelCase<Rest>>}`
  : Lowercase<Name>;

/** What may be given for an option: its value, or the text that the environment would hold. */
type Given<T> = T extends number | boolean | string ? T | (T extends string ? never : string) : GivenText;
type GivenText = string | readonly unknown[] | Readonly<Record<string, unknown>>;

/**
 * Options by the names they have in the environment, in camelCase (docs/LIBRARY_OPTIONS.md lists them): times in seconds, sizes in
 * bytes or as `'64MiB'`. `host` and `port` are short for `serverHost` and `serverPort`.
 */
export type LibraryOptions = {
  readonly [Name in SharedName as CamelCase<Name>]?: Given<Settings[Name]>;
} & {
  readonly [Name in OwnName as CamelCase<Name>]?: Given<OwnSettings[Name]>;
} & { readonly host?: string; readonly port?: number | string };

export type LibrarySettings = Settings & OwnSettings;

/** Rows of all options the library takes, by environment name, with the library's defaults: what docs are made from. */
export function libraryRows(): [name: string, row: Option<unknown>][] {
  const shared = SHARED.map((name) => [name, { ...OPTIONS[name], default: defaultOf(name) }] as const);
  return [...shared, ...Object.entries(LIBRARY_ONLY_OPTIONS)] as [string, Option<unknown>][];
}

export const camelCase = (name: string): string =>
  name.toLowerCase().replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());

const NAMES = new Map<string, SharedName | OwnName>([
  ['host', 'SERVER_HOST'],
  ['port', 'SERVER_PORT'],
  ...libraryRows().map(([name]) => [camelCase(name), name as SharedName | OwnName] as const),
]);

/** Settings from options. Throws ConfigError with every problem there is; an option nobody knows is one. `undefined` counts as not given. */
export function librarySettings(options: Readonly<Record<string, unknown>>): LibrarySettings {
  const problems: string[] = [];
  const given = new Map<string, { readonly value: unknown; readonly as: string }>();
  for (const [as, value] of Object.entries(options)) {
    const name = NAMES.get(as);
    if (name === undefined) problems.push(`${as} is not an option`);
    else if (value === undefined) continue;
    else if (given.has(name)) problems.push(`${as} and ${given.get(name)?.as ?? ''} are the same option`);
    else if (isData(value)) given.set(name, { value, as });
    else
      problems.push(
        `${as} can't be ${value === null ? 'null' : typeof value}: expected text, a number, true or false`,
      );
  }
  const own = ownSettings(given, problems);
  const shared = collect(problems, () => loadSettings({ flags: {}, env: defaults(), given }));
  if (shared !== undefined && shared.SPOOL_FULL !== 'drop_newest')
    problems.push(
      `spoolFull is ${shared.SPOOL_FULL}: an application can't wait, and a file is not taken from under its reader: drop_newest is what there is`,
    );
  if (problems.length > 0 || shared === undefined) throw new ConfigError(problems);
  return { ...shared, ...own } as LibrarySettings;
}

function ownSettings(
  given: ReadonlyMap<string, { readonly value: unknown; readonly as: string }>,
  problems: string[],
): Partial<Record<string, unknown>> {
  const settings: Record<string, unknown> = {};
  for (const [name, { kind, default: preset }] of Object.entries(LIBRARY_ONLY_OPTIONS)) {
    const { value = preset, as = camelCase(name) } = given.get(name) ?? {};
    try {
      settings[name] = (kind as Kind<unknown>).parse(String(value).trim());
    } catch (error) {
      problems.push(
        `${name} is ${JSON.stringify(String(value))} (option ${as}): ${(error as Error).message}`,
      );
    }
  }
  return settings;
}

/** True for what an option may be at all: text, numbers, booleans, and arrays and objects of them. */
function isData(value: unknown): boolean {
  if (['string', 'number', 'boolean'].includes(typeof value)) return true;
  if (typeof value !== 'object' || value === null) return false;
  try {
    return typeof JSON.stringify(value) === 'string';
  } catch {
    // Not to be written as JSON: it holds itself, or a bigint.
    return false;
  }
}

function defaultOf(name: SharedName): string {
  return OTHER_DEFAULTS[name] ?? OPTIONS[name].default;
}

const defaults = (): Record<string, string> => ({ ...OTHER_DEFAULTS });

function collect<T>(problems: string[], make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

/** An application's entries are not spread over lines. */
function isOfOneLine<Name extends string>(name: Name): name is Exclude<Name, `MULTILINE_${string}`> {
  return !name.startsWith('MULTILINE_');
}

function keysOf<T extends object>(table: T): (keyof T)[] {
  return Object.keys(table) as (keyof T)[];
}
