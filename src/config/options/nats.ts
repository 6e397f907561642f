/** Where the log of record is, and how NATS JetStream keeps it. */
import { bytes, integer, oneOf, path, seconds, text } from '../kinds.ts';
import { GIB, MIB, option } from '../option.ts';

export const NATS_OPTIONS = {
  COMMIT_LOG: option({
    kind: oneOf(['archive', 'jetstream']),
    default: 'archive',
    side: 'server',
    toml: 'nats.commit_log',
    help: 'Where a batch is before it is acknowledged. archive: on disk, in DATA_DIR. jetstream: with the quorum of a NATS stream; any number of receivers share it, and follow --from jetstream writes it out.',
  }),
  NATS_URL: option({
    kind: text('addresses of NATS servers with commas between them', isUrls),
    default: 'nats://127.0.0.1:4222',
    side: 'server',
    toml: 'nats.url',
    help: 'Of one server or, with commas between them, of several of the cluster: nats://host:port, or tls://host:port to speak TLS.',
  }),
  NATS_USER: option({
    kind: text('a name without control characters', isPlainText),
    default: '',
    side: 'server',
    toml: 'nats.user',
    help: 'With NATS_PASSWORD: who this is to NATS.',
  }),
  NATS_PASSWORD: option({
    kind: text('a password without control characters', isPlainText),
    default: '',
    side: 'server',
    toml: 'nats.password',
    secret: true,
    help: 'With NATS_USER.',
  }),
  NATS_TOKEN: option({
    kind: text('a token without control characters', isPlainText),
    default: '',
    side: 'server',
    toml: 'nats.token',
    secret: true,
    help: 'In place of NATS_USER: a token.',
  }),
  NATS_CREDENTIALS: option({
    kind: path,
    default: '',
    side: 'server',
    toml: 'nats.credentials',
    help: 'In place of NATS_USER: a file of credentials (.creds), with a JWT and its key.',
  }),
  NATS_TLS_CA: option({
    kind: path,
    default: '',
    side: 'server',
    toml: 'nats.tls_ca',
    help: "A file of certificates (PEM) that the servers' are checked against, in place of the system's. With any NATS_TLS_ option TLS is spoken.",
  }),
  NATS_TLS_CERT: option({
    kind: path,
    default: '',
    side: 'server',
    toml: 'nats.tls_cert',
    help: 'With NATS_TLS_KEY: the certificate (PEM) to show to the servers.',
  }),
  NATS_TLS_KEY: option({
    kind: path,
    default: '',
    side: 'server',
    toml: 'nats.tls_key',
    help: 'The key of NATS_TLS_CERT (PEM).',
  }),
  NATS_STREAM: option({
    kind: text('up to 32 letters, digits, - and _', (value) => /^[A-Za-z0-9_-]{1,32}$/.test(value)),
    default: 'LOGFERRY',
    side: 'server',
    toml: 'nats.stream',
    help: 'What the names of the streams (NAME-0, NAME-1, …) and of the bucket beside them (NAME-state) begin with.',
  }),
  NATS_PARTITIONS: option({
    kind: integer({ min: 1, max: 256 }),
    default: '4',
    side: 'server',
    toml: 'nats.partitions',
    help: 'Streams among which shippers are divided: so many workers can share the work, and so many servers lead. Fixed once they are made.',
  }),
  NATS_REPLICAS: option({
    kind: integer({ min: 1, max: 5 }),
    default: '1',
    side: 'server',
    toml: 'nats.replicas',
    help: 'Servers that keep each block; more than half of them have it before it is acknowledged. 3 outlives the loss of one.',
  }),
  NATS_MAX_BYTES: option({
    kind: bytes({ min: 16 * MIB, max: 1_048_576 * GIB }),
    default: '10GiB',
    side: 'server',
    toml: 'nats.max_bytes',
    help: 'What all partitions may take together, before replication. Where a stream is full nothing is acknowledged until workers have made room.',
  }),
  NATS_MAX_AGE: option({
    kind: seconds({ min: 0, max: 10 * 366 * 86_400 }),
    default: '0',
    side: 'server',
    toml: 'nats.max_age_seconds',
    help: 'Blocks older than this are deleted, written out or not; 0: never. Workers delete what all of them have written out anyway.',
  }),
  NATS_DUPLICATE_WINDOW: option({
    kind: seconds({ min: 0.1, max: 86_400 }),
    default: '120',
    side: 'server',
    toml: 'nats.duplicate_window_seconds',
    help: 'How long NATS remembers message ids, and how long blocks stay there at least. With replicas longer than a server is ever away, and 30 at least.',
  }),
  NATS_WORKER_LEASE: option({
    kind: seconds({ min: 0.5, max: 3600 }),
    default: '15',
    side: 'server',
    toml: 'nats.worker_lease_seconds',
    help: 'Of follow --from jetstream: after so long without a sign of life the partitions of a worker go to others.',
  }),
} as const;

function isUrls(value: string): boolean {
  const urls = value.split(',').map((one) => one.trim());
  return urls.every(
    (url) => /^(?:(?:nats|tls):\/\/)?[A-Za-z0-9._-]+(?::\d{1,5})?$/.test(url) || isWithAddress(url),
  );
}

/** `nats://[::1]:4222` */
const isWithAddress = (url: string): boolean =>
  /^(?:(?:nats|tls):\/\/)?\[[0-9A-Fa-f:.]+\](?::\d{1,5})?$/.test(url);

function isPlainText(value: string): boolean {
  return !/\p{Cc}/u.test(value);
}
