/** What the options on tokens and TLS name, read: who may ship, and how a connection is protected. */
import { readFileSync } from 'node:fs';
import { checkTlsMaterial, type TlsMaterial } from '../base/tls_material.ts';
import { ConfigError } from './load.ts';
import { isToken } from './kinds.ts';
import type { Settings } from './options.ts';

type FileOption = 'AUTH_TOKENS_FILE' | 'AUTH_TOKEN_FILE' | 'TLS_CERT' | 'TLS_KEY' | 'TLS_CA';

/** The receiver's tokens; none where nobody needs one. Throws ConfigError, also where the file holds none: an empty one must not open the door. */
export function readTokens({
  AUTH_TOKENS,
  AUTH_TOKENS_FILE,
}: Pick<Settings, 'AUTH_TOKENS' | 'AUTH_TOKENS_FILE'>): readonly string[] {
  return AUTH_TOKENS_FILE === '' ? AUTH_TOKENS : tokensIn('AUTH_TOKENS_FILE', AUTH_TOKENS_FILE);
}

/** The shipper's token, if it has one. Throws ConfigError. */
export function readToken({
  AUTH_TOKEN,
  AUTH_TOKEN_FILE,
}: Pick<Settings, 'AUTH_TOKEN' | 'AUTH_TOKEN_FILE'>): string | undefined {
  if (AUTH_TOKEN_FILE === '') return AUTH_TOKEN === '' ? undefined : AUTH_TOKEN;
  const [token, second] = tokensIn('AUTH_TOKEN_FILE', AUTH_TOKEN_FILE);
  if (second !== undefined)
    throw new ConfigError([`AUTH_TOKEN_FILE (${AUTH_TOKEN_FILE}) holds more than one token`]);
  return token;
}

/** What the receiver's TLS needs, or undefined where it speaks none. Throws ConfigError. */
export function readServerTls(settings: Settings): TlsMaterial | undefined {
  if (settings.TLS_CERT !== '') return readTls(settings);
  if (settings.TLS_CA === '') return undefined;
  throw new ConfigError(['TLS_CA is set, and TLS_CERT and TLS_KEY are not: the receiver needs all three']);
}

/** What the shipper's TLS needs, or undefined where it speaks none. Throws ConfigError. */
export function readClientTls(
  settings: Settings,
): (TlsMaterial & { readonly serverName?: string }) | undefined {
  const { TLS_ENABLED, TLS_SERVER_NAME: serverName } = settings;
  if (!TLS_ENABLED) return undefined;
  return { ...readTls(settings), ...(serverName === '' ? {} : { serverName }) };
}

function readTls({ TLS_CERT, TLS_KEY, TLS_CA }: Settings): TlsMaterial {
  const material = {
    ...(TLS_CERT === '' ? {} : { cert: read('TLS_CERT', TLS_CERT), key: read('TLS_KEY', TLS_KEY) }),
    ...(TLS_CA === '' ? {} : { ca: read('TLS_CA', TLS_CA) }),
  };
  try {
    checkTlsMaterial(material);
  } catch (error) {
    throw new ConfigError([(error as Error).message]);
  }
  return material;
}

/** One a line; blank lines and those that begin with # say nothing. */
function tokensIn(option: FileOption, path: string): readonly string[] {
  const lines = read(option, path)
    .split('\n')
    .map((line) => line.trim());
  const tokens = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const problems = lines.flatMap((line, index) =>
    !tokens.includes(line) || isToken(line)
      ? []
      : [`${option} (${path}), line ${index + 1}: expected one token of visible ASCII, without commas`],
  );
  if (tokens.length === 0) problems.push(`${option} (${path}) holds no token`);
  if (problems.length > 0) throw new ConfigError(problems);
  return tokens;
}

function read(option: FileOption, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError([`${option}: ${(error as Error).message}`]);
  }
}
