/** How `thrift send` speaks. */
import { integer, oneOf, seconds, text } from '../kinds.ts';
import { option } from '../option.ts';

export const THRIFT_CLIENT_OPTIONS = {
  THRIFT_PORT: option({
    kind: integer({ min: 0, max: 65535 }),
    default: '9090',
    side: 'both',
    toml: 'thrift.port',
    help: 'TCP port of Thrift: of the server that thrift send calls, on SERVER_HOST; the one the receiver listens on, 0 for any free one.',
  }),
  THRIFT_PROTOCOL: option({
    kind: oneOf(['binary', 'compact', 'json']),
    default: 'binary',
    side: 'client',
    toml: 'thrift.protocol',
    help: 'thrift send: the protocol. Binary is the fastest, compact takes the fewest bytes.',
  }),
  THRIFT_TRANSPORT: option({
    kind: oneOf(['framed', 'buffered']),
    default: 'framed',
    side: 'client',
    toml: 'thrift.transport',
    help: 'thrift send: the transport. A Logferry receiver takes both, other servers one of them.',
  }),
  THRIFT_SERVICE: option({
    kind: text('the name of a service', (value) => /^[A-Za-z0-9_.]*$/.test(value)),
    default: '',
    side: 'client',
    toml: 'thrift.service',
    help: "thrift send: the service's name in front of each method, for servers that multiplex; empty: none.",
  }),
  THRIFT_BATCH_SIZE: option({
    kind: integer({ min: 1, max: 100_000 }),
    default: '100',
    side: 'client',
    toml: 'thrift.batch_size',
    help: 'thrift send: entries of a call; fewer where their lines pass 1 MiB.',
  }),
  THRIFT_CALLS: option({
    kind: integer({ min: 1, max: 1000 }),
    default: '16',
    side: 'client',
    toml: 'thrift.calls',
    help: 'thrift send: calls on their way at the same time, on one connection.',
  }),
  THRIFT_TIMEOUT: option({
    kind: seconds({ min: 0.1, max: 86_400 }),
    default: '30',
    side: 'client',
    toml: 'thrift.timeout_seconds',
    help: 'thrift send: how long an answer may take.',
  }),
} as const;
