/** Settings from flags, environment, TOML file and defaults, in that order of precedence. */
import { existsSync, readFileSync } from 'node:fs';
import { parse as parseToml } from 'smol-toml';
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
  /** Flag name (without dashes) to the text given. */
  readonly flags: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Path of a TOML file. */
  readonly file?: string;
}

/** A text found for an option, and where. */
interface Found {
  readonly text: string;
  readonly where: string;
}

/** All settings, or ConfigError with every problem there is. Unknown environment variables are not ours to judge; unknown TOML keys are problems. */
export function loadSettings({ flags, env, file }: ConfigSources): Settings {
  const problems: string[] = [];
  const fromFile = file === undefined ? new Map<OptionName, Found>() : readToml(file, problems);
  const settings: Record<string, unknown> = {};
  for (const name of OPTION_NAMES) {
    const { text, where } = fromFlags(name, flags) ??
      fromEnv(name, env) ??
      fromFile.get(name) ?? { text: OPTIONS[name].default, where: 'default' };
    try {
      settings[name] = OPTIONS[name].kind.parse(text.trim());
    } catch (error) {
      const shown = OPTIONS[name].secret === true ? '***' : JSON.stringify(text);
      problems.push(`${name} is ${shown} (${where}): ${(error as Error).message}`);
    }
  }
  if (problems.length === 0) problems.push(...contradictions(settings as Settings));
  if (problems.length > 0) throw new ConfigError(problems);
  return settings as Settings;
}

/** Values that are each fine and don't go together. */
function contradictions(settings: Settings): string[] {
  const {
    COMPRESSION_ALGORITHM,
    COMPRESSION_LEVEL,
    ADAPTIVE_MIN_LEVEL,
    ADAPTIVE_MAX_LEVEL,
    ARCHIVE_FORMAT,
    ARCHIVE_LEVEL,
  } = settings;
  const problems: string[] = [];
  const highest = COMPRESSION_ALGORITHM === 'zstd' ? 19 : 9;
  for (const [name, level] of Object.entries({ COMPRESSION_LEVEL, ADAPTIVE_MIN_LEVEL, ADAPTIVE_MAX_LEVEL })) {
    if (level > highest) problems.push(`${name} is ${level}: ${COMPRESSION_ALGORITHM} goes up to ${highest}`);
  }
  if (ADAPTIVE_MIN_LEVEL > ADAPTIVE_MAX_LEVEL)
    problems.push(
      `ADAPTIVE_MIN_LEVEL (${ADAPTIVE_MIN_LEVEL}) is above ADAPTIVE_MAX_LEVEL (${ADAPTIVE_MAX_LEVEL})`,
    );
  if (ARCHIVE_FORMAT === 'gzip' && ARCHIVE_LEVEL > 9)
    problems.push(`ARCHIVE_LEVEL is ${ARCHIVE_LEVEL}: gzip goes up to 9`);
  return [...problems, ...accessContradictions(settings)];
}

function accessContradictions(settings: Settings): string[] {
  const { AUTH_TOKENS, AUTH_TOKENS_FILE, AUTH_BIND_IDS, AUTH_TOKEN, AUTH_TOKEN_FILE } = settings;
  const { TLS_CERT, TLS_KEY, TLS_CA } = settings;
  const areTokensSet = AUTH_TOKENS.length > 0;
  const rules: readonly [isBroken: boolean, problem: string][] = [
    [areTokensSet && AUTH_TOKENS_FILE !== '', 'AUTH_TOKENS and AUTH_TOKENS_FILE are both set: one is to be'],
    [
      AUTH_TOKEN !== '' && AUTH_TOKEN_FILE !== '',
      'AUTH_TOKEN and AUTH_TOKEN_FILE are both set: one is to be',
    ],
    [TLS_CERT !== '' && TLS_KEY === '', 'TLS_CERT is set, and TLS_KEY is not: both or neither'],
    [TLS_KEY !== '' && TLS_CERT === '', 'TLS_KEY is set, and TLS_CERT is not: both or neither'],
    [
      AUTH_BIND_IDS && !areTokensSet && AUTH_TOKENS_FILE === '' && TLS_CA === '',
      'AUTH_BIND_IDS needs something to bind to: AUTH_TOKENS, AUTH_TOKENS_FILE or TLS_CA',
    ],
  ];
  return rules.filter(([isBroken]) => isBroken).map(([, problem]) => problem);
}

function fromFlags(name: OptionName, flags: ConfigSources['flags']): Found | undefined {
  const given = flags[flagOf(name)];
  if (given !== undefined) return { text: given, where: `--${flagOf(name)}` };
  for (const { flag, toText = (value: string) => value } of OPTIONS[name].aliases ?? []) {
    const value = flags[flag];
    if (value !== undefined) return { text: toText(value), where: `--${flag}` };
  }
  return undefined;
}

/** An empty variable counts as not set: compose files hand such on. */
function fromEnv(name: OptionName, env: ConfigSources['env']): Found | undefined {
  const text = env[name];
  return text === undefined || text === '' ? undefined : { text, where: 'environment' };
}

function readToml(file: string, problems: string[]): Map<OptionName, Found> {
  const found = new Map<OptionName, Found>();
  let tree: object;
  try {
    tree = parseToml(readFileSync(file, 'utf8'));
  } catch (error) {
    problems.push(`${file}: ${reasonOf(error as Error)}`);
    return found;
  }
  const byKey = new Map(OPTION_NAMES.map((name) => [OPTIONS[name].toml, name]));
  for (const [key, value] of leaves(tree, '')) {
    const name = byKey.get(key);
    if (name === undefined) problems.push(`${file}: ${key} is not an option`);
    else if (isSingle(value)) found.set(name, { text: String(value), where: file });
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

function* leaves(tree: object, prefix: string): Generator<[string, unknown]> {
  for (const [key, value] of Object.entries(tree) as [string, unknown][]) {
    const isTable =
      typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
    if (isTable) yield* leaves(value, `${prefix}${key}.`);
    else yield [prefix + key, value];
  }
}

/** Reads `.env` of the current folder into the environment, where there is one; what is set already stays. */
export function loadDotEnv(): void {
  if (existsSync('.env')) process.loadEnvFile('.env');
}
