/** Settings from flags, environment, TOML file and defaults, in that order of precedence. */
import { existsSync, readFileSync } from 'node:fs';
import { parse as parseToml } from 'smol-toml';
import { contradictions } from './contradictions.ts';
import type { Kind } from './kinds.ts';
import { OPTIONS, OPTION_NAMES, flagOf, type OptionName, type Settings } from './options.ts';

/** Everything wrong with the configuration, all at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'bad_configuration';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `the configuration has ${problems.length} problem${problems.length === 1 ? '' : 's'}:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    );
    this.problems = problems;
  }
}

export interface ConfigSources {
  /** Flag name (without dashes) to the text given, or the texts where it may be given several times. */
  readonly flags: Readonly<Record<string, string | readonly string[]>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Path of a TOML file. */
  readonly file?: string;
  /** Values by option, where a program gives them itself; `as` is what it calls the option. They win over all else. */
  readonly given?: ReadonlyMap<string, { readonly value: unknown; readonly as: string }>;
  /** Keys of the file that stand for another option than usual. */
  readonly keys?: Readonly<Record<string, OptionName>>;
}

/** A text found for an option, and where. */
interface Found {
  readonly text: string;
  /** Where it is more than a text: an array or table. */
  readonly value?: unknown;
  readonly where: string;
}

/** All settings, or ConfigError with every problem there is. Unknown environment variables are not ours to judge; unknown TOML keys are problems. */
export function loadSettings(sources: ConfigSources): Settings {
  const problems: string[] = [];
  const found = findOptions(sources, problems);
  const settings: Record<string, unknown> = {};
  for (const [name, { text, value, where }] of found) {
    try {
      const { fromValue, parse } = OPTIONS[name].kind as Kind<unknown>;
      settings[name] = value === undefined || fromValue === undefined ? parse(text.trim()) : fromValue(value);
    } catch (error) {
      const shown = OPTIONS[name].secret === true ? '***' : value === undefined ? JSON.stringify(text) : text;
      problems.push(`${name} is ${shown} (${where}): ${(error as Error).message}`);
    }
  }
  problems.push(...contradictions(settings));
  if (problems.length > 0) throw new ConfigError(problems);
  return settings as Settings;
}

/** What an option is set to, as a person may see it, and where. */
export interface ShownOption {
  readonly name: OptionName;
  /** As it was written; `***` for a secret that is set. */
  readonly value: string;
  /** A flag, `environment`, the path of the file, or `default`. */
  readonly where: string;
  readonly help: string;
}

/** What these options are set to, in the order of the table. */
export function showOptions(sources: ConfigSources, names: readonly OptionName[]): ShownOption[] {
  const found = findOptions(sources, []);
  return names.map((name) => {
    const { help, default: preset, secret } = OPTIONS[name];
    const { text, where } = found.get(name) ?? { text: preset, where: 'default' };
    return { name, value: secret === true && text !== '' ? '***' : text, where, help };
  });
}

/** What was said of each option, and where. */
function findOptions(
  { flags, env, file, keys = {}, given }: ConfigSources,
  problems: string[],
): ReadonlyMap<OptionName, Found> {
  const fromFile = file === undefined ? new Map<OptionName, Found>() : readToml(file, keys, problems);
  const preset = (name: OptionName): Found => ({ text: OPTIONS[name].default, where: 'default' });
  return new Map(
    OPTION_NAMES.map((name) => [
      name,
      fromProgram(name, given) ??
        fromFlags(name, flags) ??
        fromEnv(name, env) ??
        fromFile.get(name) ??
        preset(name),
    ]),
  );
}

function fromProgram(name: OptionName, given: ConfigSources['given']): Found | undefined {
  const found = given?.get(name);
  return found === undefined ? undefined : foundOf(found.value, `option ${found.as}`);
}

function fromFlags(name: OptionName, flags: ConfigSources['flags']): Found | undefined {
  const given = flags[flagOf(name)];
  if (given !== undefined) return foundOf(given, `--${flagOf(name)}`);
  for (const { flag, toText = (value: string) => value } of OPTIONS[name].aliases ?? []) {
    const value = flags[flag];
    if (value !== undefined) return foundOf(typeof value === 'string' ? toText(value) : value, `--${flag}`);
  }
  return undefined;
}

const foundOf = (value: unknown, where: string): Found =>
  isSingle(value) ? { text: String(value), where } : { text: JSON.stringify(value), value, where };

/** An empty variable counts as not set: compose files hand such on. */
function fromEnv(name: OptionName, env: ConfigSources['env']): Found | undefined {
  const text = env[name];
  return text === undefined || text === '' ? undefined : { text, where: 'environment' };
}

function readToml(
  file: string,
  keys: Readonly<Record<string, OptionName>>,
  problems: string[],
): Map<OptionName, Found> {
  const found = new Map<OptionName, Found>();
  let tree: object;
  try {
    tree = parseToml(readFileSync(file, 'utf8'));
  } catch (error) {
    problems.push(`${file}: ${reasonOf(error as Error)}`);
    return found;
  }
  const byKey = new Map<string, OptionName>([
    ...OPTION_NAMES.map((name) => [OPTIONS[name].toml, name] as const),
    ...Object.entries(keys),
  ]);
  const takesMore = (key: string): boolean => {
    const name = byKey.get(key);
    return name !== undefined && 'fromValue' in OPTIONS[name].kind;
  };
  for (const [key, value] of leaves(tree, '', takesMore)) {
    const name = byKey.get(key);
    if (name === undefined) problems.push(`${file}: ${key} is not an option`);
    else if (isSingle(value) || takesMore(key)) found.set(name, foundOf(value, file));
    else problems.push(`${file}: ${key} must be a single value`);
  }
  return found;
}

/** The line that is wrong is named and not shown, as it may hold a secret. */
function reasonOf(error: Error & { line?: number; column?: number }): string {
  const [reason = ''] = error.message.split('\n');
  return error.line === undefined ? reason : `line ${error.line}, column ${error.column ?? 1}: ${reason}`;
}

const isSingle = (value: unknown): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value);

/** Keys with their values; into a table only where it is no value itself. */
function* leaves(
  tree: object,
  prefix: string,
  isValue: (key: string) => boolean,
): Generator<[string, unknown]> {
  for (const [name, value] of Object.entries(tree) as [string, unknown][]) {
    const key = prefix + name;
    const isTable =
      typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
    if (isTable && !isValue(key)) yield* leaves(value, `${key}.`, isValue);
    else yield [key, value];
  }
}

/** Reads `.env` of the current folder into the environment, where there is one; what is set already stays. */
export function loadDotEnv(): void {
  if (existsSync('.env')) process.loadEnvFile('.env');
}
