/** What `generate` makes up. */
import { fraction, integer, oneOf, path, seconds, time } from '../kinds.ts';
import { option } from '../option.ts';

const YEAR_SECONDS = 365 * 24 * 3600;

export const GENERATOR_OPTIONS = {
  LOG_RATE: option({
    kind: integer({ min: 0, max: 100_000_000 }),
    default: '100',
    side: 'client',
    toml: 'generate.rate',
    help: 'generate: entries a second; 0 is as fast as it can.',
  }),
  RUN_TIME: option({
    kind: seconds({ min: 0, max: YEAR_SECONDS }),
    default: '30',
    side: 'client',
    toml: 'generate.run_time_seconds',
    help: 'generate: stop after so long; 0 is until told to.',
  }),
  SEED: option({
    kind: integer({ min: 0, max: 2 ** 32 - 1 }),
    default: '1',
    side: 'client',
    toml: 'generate.seed',
    help: 'generate: the same seed makes the same entries (but for their times).',
  }),
  GENERATE_COUNT: option({
    kind: integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    default: '0',
    side: 'client',
    toml: 'generate.count',
    help: 'generate: stop after so many entries, whatever RUN_TIME says; 0 is by RUN_TIME.',
    aliases: [{ flag: 'count', help: 'the same as --generate-count' }],
  }),
  GENERATE_FORMAT: option({
    kind: oneOf(['json', 'csv', 'common', 'syslog']),
    default: 'json',
    side: 'client',
    toml: 'generate.format',
    help: 'generate: common is the common log format of web servers, syslog is RFC 5424. To a receiver a line that is no JSON goes as the message of an entry.',
    aliases: [{ flag: 'format', help: 'the same as --generate-format' }],
  }),
  GENERATE_OUT: option({
    kind: path,
    default: '',
    side: 'client',
    toml: 'generate.out',
    help: 'generate: in place of shipping, append the lines to this file; - is standard output.',
    aliases: [{ flag: 'out', help: 'the same as --generate-out' }],
  }),
  GENERATE_START: option({
    kind: time,
    default: '',
    side: 'client',
    toml: 'generate.start',
    help: 'generate: time of the start (2026-01-31T12:00:00Z). LOG_RATE, RUN_TIME and the pattern then go by a clock that begins there and never waits: a day of entries in seconds, and the same bytes each time. Empty: the real clock.',
    aliases: [{ flag: 'start-time', help: 'the same as --generate-start' }],
  }),
  GENERATE_PATTERN: option({
    kind: oneOf(['steady', 'daily', 'burst']),
    default: 'steady',
    side: 'client',
    toml: 'generate.pattern',
    help: 'generate: how the rate goes. daily: from 0.2 of LOG_RATE at 02:00 UTC to 1.8 of it at 14:00. burst: LOG_RATE, and BURST_RATE now and then.',
    aliases: [{ flag: 'pattern', help: 'the same as --generate-pattern' }],
  }),
  BURST_EVERY: option({
    kind: seconds({ min: 0.01, max: YEAR_SECONDS }),
    default: '10',
    side: 'client',
    toml: 'generate.burst_every_seconds',
    help: 'generate: from the start to the first burst, and from the start of each to the next.',
  }),
  BURST_FOR: option({
    kind: seconds({ min: 0.001, max: YEAR_SECONDS }),
    default: '1',
    side: 'client',
    toml: 'generate.burst_for_seconds',
    help: 'generate: how long a burst lasts.',
  }),
  BURST_RATE: option({
    kind: integer({ min: 1, max: 100_000_000 }),
    default: '1000',
    side: 'client',
    toml: 'generate.burst_rate',
    help: 'generate: entries a second in a burst.',
  }),
  GENERATE_USERS: option({
    kind: integer({ min: 1, max: 100_000_000 }),
    default: '10000',
    side: 'client',
    toml: 'generate.users',
    help: 'generate: how many users there are.',
  }),
  GENERATE_SESSIONS: option({
    kind: integer({ min: 1, max: 100_000 }),
    default: '50',
    side: 'client',
    toml: 'generate.sessions',
    help: 'generate: how many of their sessions are open at a time.',
  }),
  GENERATE_ERROR_RATE: option({
    kind: fraction,
    default: '0.1',
    side: 'client',
    toml: 'generate.error_rate',
    help: 'generate: of the logins, pages and payments that can go wrong, the part that does: 0 to 1.',
  }),
} as const;
