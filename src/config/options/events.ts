/** The event store, and the service that others reach it by. */
import { boolean, bytes, integer, text } from '../kinds.ts';
import { KIB, MIB, option } from '../option.ts';

const isPostgresUrl = (value: string): boolean => {
  const url = URL.parse(value);
  return value === '' || (url !== null && ['postgres:', 'postgresql:'].includes(url.protocol));
};

export const EVENT_OPTIONS = {
  DATABASE_URL: option({
    kind: text('a URL such as postgres://user@localhost:5432/events, or none', isPostgresUrl),
    default: '',
    side: 'server',
    toml: 'events.database_url',
    secret: true,
    help: 'PostgreSQL for the event store: postgres://user:password@host:port/database, ?sslmode=verify-full&sslrootcert=… for TLS. Empty: a database of its own in DATA_DIR/events, for one process at a time.',
  }),
  EVENTS_ENABLED: option({
    kind: boolean,
    default: 'false',
    side: 'server',
    toml: 'events.enabled',
    help: 'serve offers the event store by Thrift (EventService) too; the command events serve does so in any case, and nothing else.',
  }),
  EVENTS_HOST: option({
    kind: text('a host name or address', (value) => /^[A-Za-z0-9._:-]+$/.test(value)),
    default: '127.0.0.1',
    side: 'server',
    toml: 'events.host',
    help: 'Address EventService listens on.',
  }),
  EVENTS_PORT: option({
    kind: integer({ min: 0, max: 65535 }),
    default: '9090',
    side: 'server',
    toml: 'events.port',
    help: 'Port of EventService; 0 is any free one, and the log says which. Where it is THRIFT_PORT both services are there.',
  }),
  EVENTS_MAX_PAYLOAD_BYTES: option({
    kind: bytes({ min: 1 * KIB, max: 64 * MIB }),
    default: '16MiB',
    side: 'server',
    toml: 'events.max_payload_bytes',
    help: 'An event with a longer payload is refused.',
  }),
  EVENTS_SNAPSHOT_EVERY: option({
    kind: integer({ min: 1, max: 1_000_000_000 }),
    default: '10000',
    side: 'server',
    toml: 'events.snapshot_every',
    help: 'After so many events the states of a projection are kept, from which its past is made.',
  }),
} as const;
