/** Files per user and day, Redis before them, and the drainer between. */
import { boolean, integer, seconds, text } from '../kinds.ts';
import { option } from '../option.ts';

const YEAR_SECONDS = 365 * 24 * 3600;

const isRedisUrl = (value: string): boolean => {
  const url = URL.parse(value);
  return url !== null && url.hostname !== '' && ['redis:', 'rediss:'].includes(url.protocol);
};

export const USER_OPTIONS = {
  USER_FILES_DIR: option({
    kind: text('a folder', (value) => value !== '' && !value.includes('\0')),
    default: 'logs',
    side: 'server',
    toml: 'users.files_dir',
    help: 'Where events of users end up: user_<id>/<day>.jsonl in it, the day being timestamp / 86400.',
  }),
  REDIS_URL: option({
    kind: text('a URL such as redis://localhost:6379/0', isRedisUrl),
    default: 'redis://127.0.0.1:6379',
    side: 'server',
    toml: 'redis.url',
    secret: true,
    help: 'Redis, with HTTP_BUFFER=redis and for drain: redis://[user:password@]host[:port][/database], or rediss:// for TLS.',
  }),
  REDIS_KEY_EXPIRATION: option({
    kind: integer({ min: 0, max: 10 * YEAR_SECONDS }),
    default: '0',
    side: 'server',
    toml: 'redis.key_expiration_seconds',
    help: 'Redis deletes a list to which nothing was pushed for so long, drained or not: what is in it is lost. At least five times DRAIN_INTERVAL; 0: never.',
  }),
  DRAIN_ENABLED: option({
    kind: boolean,
    default: 'true',
    side: 'server',
    toml: 'drainer.enabled',
    help: 'What takes HTTP writes the files of users too: it drains Redis, or follows its archive. false: that is left to the commands drain and follow --output users.',
  }),
  DRAIN_INTERVAL: option({
    kind: seconds({ min: 0.05, max: 24 * 3600 }),
    default: '60',
    side: 'server',
    toml: 'drainer.interval_seconds',
    help: 'So often what waits in Redis is moved to the files.',
  }),
  DRAIN_PATTERN: option({
    kind: text('a pattern of Redis that begins with logs:', (value) => value.startsWith('logs:')),
    default: 'logs:user_*',
    side: 'server',
    toml: 'drainer.log_pattern',
    help: 'Which keys are drained, of those that are logs:user_<id>:<day>.',
  }),
} as const;
