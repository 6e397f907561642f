/** Values that are each fine and don't go together. */
import type { OptionName, Settings } from './options.ts';

interface Rule {
  /** The options it looks at. */
  readonly names: readonly OptionName[];
  /** What is wrong with them, if anything. */
  readonly problem: (settings: Settings) => string | undefined;
}

/** Every problem that settings have together. A rule that looks at one that is missing, as it was wrong by itself, says nothing. */
export function contradictions(settings: Partial<Settings>): string[] {
  return RULES.filter(({ names }) => names.every((name) => Object.hasOwn(settings, name)))
    .map(({ problem }) => problem(settings as Settings))
    .filter((problem) => problem !== undefined);
}

/** A rule that can look at nothing but the options it names. */
const rule = <Name extends OptionName>(
  names: readonly Name[],
  problem: (settings: Pick<Settings, Name>) => string | undefined,
): Rule => ({ names, problem });

const when = (isBroken: boolean, problem: string): string | undefined => (isBroken ? problem : undefined);

/** Levels that go with COMPRESSION_ALGORITHM. */
const LEVELS = ['COMPRESSION_LEVEL', 'ADAPTIVE_MIN_LEVEL', 'ADAPTIVE_MAX_LEVEL'] as const;

const RULES: readonly Rule[] = [
  ...LEVELS.map((name) =>
    rule([name, 'COMPRESSION_ALGORITHM'], ({ [name]: level, COMPRESSION_ALGORITHM: algorithm }) => {
      const highest = algorithm === 'zstd' ? 19 : 9;
      return when(level > highest, `${name} is ${level}: ${algorithm} goes up to ${highest}`);
    }),
  ),
  rule(['ADAPTIVE_MIN_LEVEL', 'ADAPTIVE_MAX_LEVEL'], ({ ADAPTIVE_MIN_LEVEL: min, ADAPTIVE_MAX_LEVEL: max }) =>
    when(min > max, `ADAPTIVE_MIN_LEVEL (${min}) is above ADAPTIVE_MAX_LEVEL (${max})`),
  ),
  rule(['ARCHIVE_FORMAT', 'ARCHIVE_LEVEL'], ({ ARCHIVE_FORMAT: format, ARCHIVE_LEVEL: level }) =>
    when(format === 'gzip' && level > 9, `ARCHIVE_LEVEL is ${level}: gzip goes up to 9`),
  ),
  rule(['AUTH_TOKENS', 'AUTH_TOKENS_FILE'], ({ AUTH_TOKENS, AUTH_TOKENS_FILE }) =>
    when(
      AUTH_TOKENS.length > 0 && AUTH_TOKENS_FILE !== '',
      'AUTH_TOKENS and AUTH_TOKENS_FILE are both set: one is to be',
    ),
  ),
  rule(['AUTH_TOKEN', 'AUTH_TOKEN_FILE'], ({ AUTH_TOKEN, AUTH_TOKEN_FILE }) =>
    when(
      AUTH_TOKEN !== '' && AUTH_TOKEN_FILE !== '',
      'AUTH_TOKEN and AUTH_TOKEN_FILE are both set: one is to be',
    ),
  ),
  rule(['TLS_CERT', 'TLS_KEY'], ({ TLS_CERT, TLS_KEY }) =>
    when(TLS_CERT !== '' && TLS_KEY === '', 'TLS_CERT is set, and TLS_KEY is not: both or neither'),
  ),
  rule(['TLS_CERT', 'TLS_KEY'], ({ TLS_CERT, TLS_KEY }) =>
    when(TLS_KEY !== '' && TLS_CERT === '', 'TLS_KEY is set, and TLS_CERT is not: both or neither'),
  ),
  rule(
    ['AUTH_BIND_IDS', 'AUTH_TOKENS', 'AUTH_TOKENS_FILE', 'TLS_CA'],
    ({ AUTH_BIND_IDS, AUTH_TOKENS, AUTH_TOKENS_FILE, TLS_CA }) =>
      when(
        AUTH_BIND_IDS && AUTH_TOKENS.length === 0 && AUTH_TOKENS_FILE === '' && TLS_CA === '',
        'AUTH_BIND_IDS needs something to bind to: AUTH_TOKENS, AUTH_TOKENS_FILE or TLS_CA',
      ),
  ),
  rule(['NATS_USER', 'NATS_TOKEN', 'NATS_CREDENTIALS'], ({ NATS_USER, NATS_TOKEN, NATS_CREDENTIALS }) =>
    when(
      [NATS_USER, NATS_TOKEN, NATS_CREDENTIALS].filter((value) => value !== '').length > 1,
      'of NATS_USER, NATS_TOKEN and NATS_CREDENTIALS more than one is set: one is to be',
    ),
  ),
  rule(['NATS_USER', 'NATS_PASSWORD'], ({ NATS_USER, NATS_PASSWORD }) =>
    when(NATS_PASSWORD !== '' && NATS_USER === '', 'NATS_PASSWORD is set, and NATS_USER is not'),
  ),
  rule(['NATS_TLS_CERT', 'NATS_TLS_KEY'], ({ NATS_TLS_CERT, NATS_TLS_KEY }) =>
    when(
      (NATS_TLS_CERT === '') !== (NATS_TLS_KEY === ''),
      'of NATS_TLS_CERT and NATS_TLS_KEY one is set, the other is not: both or neither',
    ),
  ),
  /** A server that comes back tells by the ids of messages which of them it has: they must not be forgotten before that. */
  rule(['NATS_REPLICAS', 'NATS_DUPLICATE_WINDOW'], ({ NATS_REPLICAS, NATS_DUPLICATE_WINDOW: window }) =>
    when(
      NATS_REPLICAS > 1 && window < 30,
      `NATS_DUPLICATE_WINDOW is ${window}: with replicas it is to be 30 at least, as elections take seconds`,
    ),
  ),
  rule(['GENERATE_PATTERN', 'LOG_RATE'], ({ GENERATE_PATTERN, LOG_RATE }) =>
    when(
      GENERATE_PATTERN !== 'steady' && LOG_RATE === 0,
      `GENERATE_PATTERN is ${GENERATE_PATTERN}, and LOG_RATE is 0: as fast as it can has no pattern`,
    ),
  ),
  rule(['GENERATE_PATTERN', 'BURST_EVERY', 'BURST_FOR'], ({ GENERATE_PATTERN, BURST_EVERY, BURST_FOR }) =>
    when(
      GENERATE_PATTERN === 'burst' && BURST_FOR >= BURST_EVERY,
      `BURST_FOR (${BURST_FOR}) is to be shorter than BURST_EVERY (${BURST_EVERY})`,
    ),
  ),
  rule(['PARSE', 'PARSE_PATTERN'], ({ PARSE, PARSE_PATTERN }) =>
    when(
      PARSE === 'regex' && !/\(\?P?</.test(PARSE_PATTERN?.source ?? ''),
      'PARSE is regex: PARSE_PATTERN is to hold a regular expression with named groups, as (?P<name>…)',
    ),
  ),
  rule(['PARSE', 'PARSE_PATTERN'], ({ PARSE, PARSE_PATTERN }) =>
    when(
      PARSE !== 'regex' && PARSE_PATTERN !== undefined,
      `PARSE_PATTERN is set, and PARSE is ${PARSE}: it is to be regex`,
    ),
  ),
  /** What expires before it is drained is lost: a drain may be late, and fail now and then. */
  rule(['REDIS_KEY_EXPIRATION', 'DRAIN_INTERVAL'], ({ REDIS_KEY_EXPIRATION, DRAIN_INTERVAL }) => {
    const least = 5 * DRAIN_INTERVAL;
    return when(
      REDIS_KEY_EXPIRATION > 0 && REDIS_KEY_EXPIRATION < least,
      `REDIS_KEY_EXPIRATION is ${REDIS_KEY_EXPIRATION} s, which is less than five DRAIN_INTERVALs (${least} s): what is not drained by then would be lost`,
    );
  }),
];
