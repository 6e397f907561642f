/** Where log entries come in by Thrift; THRIFT_PORT is among the client's (thrift_client.ts), as both have it. */
import { boolean, bytes, integer, seconds, text } from '../kinds.ts';
import { GIB, KIB, option } from '../option.ts';

export const THRIFT_OPTIONS = {
  THRIFT_ENABLED: option({
    kind: boolean,
    default: 'false',
    side: 'server',
    toml: 'thrift.enabled',
    help: 'serve takes log entries by Thrift too; the command thrift does so in any case, and nothing else.',
  }),
  THRIFT_HOST: option({
    kind: text('a host name or address', (value) => /^[A-Za-z0-9._:-]+$/.test(value)),
    default: '127.0.0.1',
    side: 'server',
    toml: 'thrift.host',
    help: 'Address Thrift listens on.',
  }),
  THRIFT_MAX_MESSAGE_BYTES: option({
    kind: bytes({ min: 1 * KIB, max: 1 * GIB }),
    default: '16MiB',
    side: 'server',
    toml: 'thrift.max_message_bytes',
    help: 'A longer message gets an exception and ends its connection.',
  }),
  THRIFT_MAX_STRING_BYTES: option({
    kind: bytes({ min: 16, max: 1 * GIB }),
    default: '16MiB',
    side: 'server',
    toml: 'thrift.max_string_bytes',
    help: 'The same for a longer string or binary.',
  }),
  THRIFT_MAX_ELEMENTS: option({
    kind: integer({ min: 1, max: 100_000_000 }),
    default: '100000',
    side: 'server',
    toml: 'thrift.max_elements',
    help: 'The same for a list, set or map of more elements: so many entries may come in one call.',
  }),
  THRIFT_MAX_DEPTH: option({
    kind: integer({ min: 3, max: 1000 }),
    default: '64',
    side: 'server',
    toml: 'thrift.max_depth',
    help: 'The same where structs and containers nest deeper; the arguments are the first level, their list the second, an entry the third.',
  }),
  THRIFT_IDLE_TIMEOUT: option({
    kind: seconds({ min: 0.1, max: 24 * 3600 }),
    default: '600',
    side: 'server',
    toml: 'thrift.idle_timeout_seconds',
    help: 'A connection on which nothing is asked is closed after so long.',
  }),
} as const;
