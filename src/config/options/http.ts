/** Where events of users come in by HTTP. */
import { boolean, bytes, integer, oneOf, seconds, text } from '../kinds.ts';
import { GIB, KIB, option } from '../option.ts';

export const HTTP_OPTIONS = {
  HTTP_ENABLED: option({
    kind: boolean,
    default: 'false',
    side: 'server',
    toml: 'http.enabled',
    help: 'serve takes events of users by HTTP too; the command http does so in any case, and nothing else.',
  }),
  HTTP_HOST: option({
    kind: text('a host name or address', (value) => /^[A-Za-z0-9._:-]+$/.test(value)),
    default: '127.0.0.1',
    side: 'server',
    toml: 'http.host',
    help: 'Address HTTP listens on. In the file of the command http it may be host of [server] as well.',
  }),
  HTTP_PORT: option({
    kind: integer({ min: 0, max: 65535 }),
    default: '3000',
    side: 'server',
    toml: 'http.port',
    help: 'Port of HTTP; 0 is any free one, and the log says which. In the file of the command http it may be port of [server] as well.',
  }),
  HTTP_BUFFER: option({
    kind: oneOf(['archive', 'redis']),
    default: 'archive',
    side: 'server',
    toml: 'http.buffer',
    help: 'Where an event is before its 200. archive: on disk, in DATA_DIR; the output users writes the files. redis: in REDIS_URL; the drainer writes them.',
  }),
  HTTP_BUFFER_FALLBACK: option({
    kind: oneOf(['none', 'archive']),
    default: 'none',
    side: 'server',
    toml: 'http.buffer_fallback',
    help: 'With HTTP_BUFFER=redis, while Redis is away. none: 503. archive: what Redis certainly has not got is kept in the archive.',
  }),
  HTTP_LOG_ONLY: option({
    kind: boolean,
    default: 'false',
    side: 'server',
    toml: 'http.log_only',
    help: 'POST /log, probes and figures alone: for processes that take events into Redis and have not the files of users, so can say nothing about them.',
  }),
  HTTP_MAX_BODY_BYTES: option({
    kind: bytes({ min: 1 * KIB, max: 1 * GIB }),
    default: '4MiB',
    side: 'server',
    toml: 'http.max_body_bytes',
    help: 'A longer body, as it is sent or as it inflates, gets a 413.',
  }),
  HTTP_MAX_EVENTS: option({
    kind: integer({ min: 1, max: 1_000_000 }),
    default: '10000',
    side: 'server',
    toml: 'http.max_events',
    help: 'Events in one body; more get a 413.',
  }),
  HTTP_REQUEST_TIMEOUT: option({
    kind: seconds({ min: 0.1, max: 3600 }),
    default: '30',
    side: 'server',
    toml: 'http.request_timeout_seconds',
    help: 'A request must have come whole after so long (its head after 10 s), or gets a 408.',
  }),
  HTTP_IDLE_TIMEOUT: option({
    kind: seconds({ min: 0.1, max: 24 * 3600 }),
    default: '72',
    side: 'server',
    toml: 'http.idle_timeout_seconds',
    help: 'A connection on which nothing is asked is closed after so long.',
  }),
  HTTP_REQUESTS_PER_MINUTE: option({
    kind: integer({ min: 0, max: 100_000_000 }),
    default: '0',
    side: 'server',
    toml: 'rate_limit.requests_per_minute',
    help: 'Requests that one address (of IPv6: one /64) may make; more get a 429. 0: no limit.',
  }),
  HTTP_BURST: option({
    kind: integer({ min: 0, max: 100_000_000 }),
    default: '0',
    side: 'server',
    toml: 'rate_limit.burst',
    help: 'Of these, how many may come at once. 0: as many as in a minute.',
  }),
} as const;
