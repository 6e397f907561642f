/**
 * Every option, once. Its environment name is its key here; its flag is that name in lower case with dashes; the rest
 * of its row says what it may be, what it is when nobody says, and what it does. `--help`, `.env.example` and the table
 * in docs/OPTIONS.md are made from these rows.
 */
import { boolean, bytes, integer, oneOf, seconds, text, token, tokens, type Kind } from './kinds.ts';

export type Side = 'client' | 'server' | 'both';

export interface Option<T> {
  readonly kind: Kind<T>;
  /** As it would be written in the environment. */
  readonly default: string;
  readonly side: Side;
  /** Section and key in the TOML file. */
  readonly toml: string;
  readonly help: string;
  /** What it is set to is shown nowhere. */
  readonly secret?: boolean;
  /** Further flags; `toText` turns what is given there into what the option takes. */
  readonly aliases?: readonly {
    readonly flag: string;
    readonly help: string;
    readonly toText?: (given: string) => string;
  }[];
}

const option = <T>(row: Option<T>): Option<T> => row;

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const YEAR_SECONDS = 365 * 24 * 3600;

/** The path of a file, or nothing. */
const path = text('the path of a file', (value) => !value.includes('\0'));

const milliseconds = (given: string): string =>
  /^\d+(\.\d+)?$/.test(given) ? String(Number(given) / 1000) : given;

/** Letters, digits and a little more, as the wire wants it, with `{hostname}` and `{pid}` to be filled in. */
const SHIPPER_ID = /^[A-Za-z0-9{][A-Za-z0-9._:{}-]{0,127}$/;

export const OPTIONS = {
  SERVER_HOST: option({
    kind: text('a host name or address', (value) => /^[A-Za-z0-9._:-]+$/.test(value)),
    default: '0.0.0.0',
    side: 'both',
    toml: 'server.host',
    help: 'Address the receiver listens on; host the shipper connects to.',
  }),
  SERVER_PORT: option({
    kind: integer({ min: 0, max: 65535 }),
    default: '5000',
    side: 'both',
    toml: 'server.port',
    help: 'TCP port. The receiver takes 0 as any free one and logs which.',
  }),
  BATCH_SIZE: option({
    kind: integer({ min: 1, max: 1_000_000 }),
    default: '50',
    side: 'client',
    toml: 'batch.size',
    help: 'Entries that make a batch due. While earlier ones are on their way a batch grows past it, up to BATCH_MAX_BYTES.',
    aliases: [{ flag: 'batch', help: 'the same as --batch-size' }],
  }),
  BATCH_INTERVAL: option({
    kind: seconds({ min: 0.001, max: 3600 }),
    default: '5.0',
    side: 'client',
    toml: 'batch.interval_seconds',
    help: 'A batch is due this long after its first entry, however few it holds.',
    aliases: [{ flag: 'interval', help: 'BATCH_INTERVAL in milliseconds', toText: milliseconds }],
  }),
  BATCH_MAX_BYTES: option({
    kind: bytes({ min: 1 * KIB, max: 16 * MIB }),
    default: '1MiB',
    side: 'client',
    toml: 'batch.max_bytes',
    help: 'Bytes, before compression, that make a batch full. One longer entry still goes, alone.',
  }),
  COMPRESSION_ENABLED: option({
    kind: boolean,
    default: 'true',
    side: 'client',
    toml: 'compression.enabled',
    help: 'Compress batches on the wire.',
  }),
  COMPRESSION_ALGORITHM: option({
    kind: oneOf(['gzip', 'zlib', 'zstd']),
    default: 'gzip',
    side: 'client',
    toml: 'compression.algorithm',
    help: 'zstd needs a receiver that says it takes it; to any other gzip is sent.',
  }),
  COMPRESSION_LEVEL: option({
    kind: integer({ min: 1, max: 19 }),
    default: '6',
    side: 'client',
    toml: 'compression.level',
    help: '1 (fast) to 9 (small); zstd up to 19.',
  }),
  BYPASS_THRESHOLD: option({
    kind: bytes({ min: 0, max: 16 * MIB }),
    default: '256',
    side: 'client',
    toml: 'compression.bypass_threshold',
    help: 'Batches smaller than this are not compressed.',
  }),
  ADAPTIVE_ENABLED: option({
    kind: boolean,
    default: 'false',
    side: 'client',
    toml: 'adaptive.enabled',
    help: "Move the level with this process's CPU use: down to ADAPTIVE_MIN_LEVEL when busy, up to ADAPTIVE_MAX_LEVEL when idle.",
  }),
  ADAPTIVE_MIN_LEVEL: option({
    kind: integer({ min: 1, max: 19 }),
    default: '1',
    side: 'client',
    toml: 'adaptive.min_level',
    help: 'Level under full load.',
  }),
  ADAPTIVE_MAX_LEVEL: option({
    kind: integer({ min: 1, max: 19 }),
    default: '9',
    side: 'client',
    toml: 'adaptive.max_level',
    help: 'Level when idle.',
  }),
  ADAPTIVE_CHECK_INTERVAL: option({
    kind: seconds({ min: 0.05, max: 3600 }),
    default: '5.0',
    side: 'client',
    toml: 'adaptive.check_interval_seconds',
    help: 'How often the CPU is read.',
  }),
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
  DELIVERY: option({
    kind: oneOf(['auto', 'acked', 'plain']),
    default: 'auto',
    side: 'client',
    toml: 'delivery.mode',
    help: 'acked: exactly once, or an error. plain: the original protocol, nothing is answered. auto: acked where the receiver answers HELLO.',
  }),
  HELLO_TIMEOUT: option({
    kind: seconds({ min: 0.05, max: 600 }),
    default: '2.0',
    side: 'client',
    toml: 'delivery.hello_timeout_seconds',
    help: 'How long a receiver may take to answer HELLO.',
  }),
  SHIPPER_ID: option({
    kind: text(
      'letters, digits, ". _ : -", {hostname} and {pid}',
      (value) => value === '' || SHIPPER_ID.test(value),
    ),
    default: '',
    side: 'client',
    toml: 'delivery.shipper_id',
    help: "The name under which the receiver keeps this shipper's place; {hostname} and {pid} are filled in. Empty: made from the host, the command and the files; for generate and pipe it is new at each start.",
  }),
  RECONNECT_MAX_DELAY: option({
    kind: seconds({ min: 0.01, max: 3600 }),
    default: '10',
    side: 'client',
    toml: 'delivery.reconnect_max_delay_seconds',
    help: 'The longest wait between attempts to connect; the first is 0.1 s, each later one up to twice as long.',
  }),
  MAX_LINE_BYTES: option({
    kind: bytes({ min: 256, max: 16 * MIB }),
    default: '1MiB',
    side: 'client',
    toml: 'source.max_line_bytes',
    help: 'send and pipe: a longer line is shipped in pieces of this size, each marked.',
  }),
  STATE_DIR: option({
    kind: text('a folder'),
    default: './state',
    side: 'client',
    toml: 'source.state_dir',
    help: 'Where batches that the receiver rejected are kept, with the reason.',
  }),
  SPOOL_DIR: option({
    kind: text('a folder', (value) => !value.includes('\0')),
    default: '',
    side: 'client',
    toml: 'spool.dir',
    help: 'generate and pipe: keep batches in files here until they are acknowledged, and send what an earlier run left. Empty: only in memory.',
  }),
  SPOOL_MAX_BYTES: option({
    kind: bytes({ min: 1 * MIB, max: 1024 * GIB }),
    default: '1GiB',
    side: 'client',
    toml: 'spool.max_bytes',
    help: 'How large the spool may grow.',
  }),
  SPOOL_FULL: option({
    kind: oneOf(['block', 'drop_oldest', 'drop_newest']),
    default: 'block',
    side: 'client',
    toml: 'spool.full',
    help: 'What happens then: the source waits, or batches are dropped, counted and declared to the receiver.',
  }),
  SPOOL_FSYNC: option({
    kind: oneOf(['always', 'interval', 'never']),
    default: 'interval',
    side: 'client',
    toml: 'spool.fsync',
    help: 'always: each batch is forced to disk before it is sent. interval: once a second. never: when the system likes. A crash of the process loses nothing in any of them.',
  }),
  DATA_DIR: option({
    kind: text('a folder'),
    default: './data',
    side: 'server',
    toml: 'archive.data_dir',
    help: 'The archive: segments, their checkpoint, what was rejected.',
  }),
  SEGMENT_MAX_BYTES: option({
    kind: bytes({ min: 4 * KIB, max: 4 * GIB - 1 }),
    default: '5MiB',
    side: 'server',
    toml: 'archive.segment_max_bytes',
    help: 'A segment is closed before it would grow past this (compressed).',
  }),
  ARCHIVE_FORMAT: option({
    kind: oneOf(['gzip', 'zstd']),
    default: 'gzip',
    side: 'server',
    toml: 'archive.format',
    help: 'gzip writes .jsonl.gz, zstd .jsonl.zst. What shippers send in the same kind is stored as it came.',
  }),
  ARCHIVE_LEVEL: option({
    kind: integer({ min: 1, max: 19 }),
    default: '1',
    side: 'server',
    toml: 'archive.level',
    help: 'Level for what the receiver has to compress itself: plain peers, uncompressed batches, the other format.',
  }),
  FSYNC: option({
    kind: oneOf(['always', 'interval', 'never']),
    default: 'always',
    side: 'server',
    toml: 'archive.fsync',
    help: 'always: acknowledged means on disk. interval: written, and forced to disk every FSYNC_INTERVAL. never: written; the system decides.',
  }),
  FSYNC_INTERVAL: option({
    kind: seconds({ min: 0.01, max: 3600 }),
    default: '1.0',
    side: 'server',
    toml: 'archive.fsync_interval_seconds',
    help: 'With FSYNC=interval: the most that a power cut can take back.',
  }),
  RETENTION_MAX_BYTES: option({
    kind: bytes({ min: 0, max: 1024 * 1024 * GIB }),
    default: '0',
    side: 'server',
    toml: 'archive.retention_max_bytes',
    help: 'What all segments together may take: past it the oldest are deleted, whole, never the newest. 0: no limit.',
  }),
  RETENTION_MAX_AGE: option({
    kind: seconds({ min: 0, max: 100 * YEAR_SECONDS }),
    default: '0',
    side: 'server',
    toml: 'archive.retention_max_age_seconds',
    help: 'A segment is deleted when all it holds was received longer ago than this, but never the newest. 0: kept for ever.',
  }),
  MAX_FRAME_BYTES: option({
    kind: bytes({ min: 1 * KIB, max: 1 * GIB }),
    default: '16MiB',
    side: 'server',
    toml: 'limits.max_frame_bytes',
    help: 'A longer frame ends its connection.',
  }),
  MAX_BATCH_BYTES: option({
    kind: bytes({ min: 1 * KIB, max: 1 * GIB }),
    default: '32MiB',
    side: 'server',
    toml: 'limits.max_batch_bytes',
    help: 'Bytes a batch may inflate to.',
  }),
  MAX_CONNECTIONS: option({
    kind: integer({ min: 1, max: 1_000_000 }),
    default: '10000',
    side: 'server',
    toml: 'limits.max_connections',
    help: 'Connections open at once; more are refused.',
  }),
  MAX_CONNECTIONS_PER_ADDRESS: option({
    kind: integer({ min: 1, max: 1_000_000 }),
    default: '1000',
    side: 'server',
    toml: 'limits.max_connections_per_address',
    help: 'Of these, how many may come from one address.',
  }),
  MAX_ENTRY_BYTES: option({
    kind: bytes({ min: 256, max: 1 * GIB }),
    default: '16MiB',
    side: 'server',
    toml: 'limits.max_entry_bytes',
    help: 'A batch with a longer entry is rejected; of a plain peer only that entry is kept aside.',
  }),
  MAX_DEPTH: option({
    kind: integer({ min: 2, max: 100_000 }),
    default: '512',
    side: 'server',
    toml: 'limits.max_depth',
    help: 'How deep the JSON of plain peers may nest, the array of entries counted in.',
  }),
  FRAME_TIMEOUT: option({
    kind: seconds({ min: 0.1, max: 24 * 3600 }),
    default: '60',
    side: 'server',
    toml: 'limits.frame_timeout_seconds',
    help: 'A connection is closed when a frame it began is not whole after so long, however its bytes trickle, when HELLO is not followed by OPEN, or when its answers are not read.',
  }),
  WINDOW_BYTES: option({
    kind: bytes({ min: 64 * KIB, max: 1 * GIB }),
    default: '4MiB',
    side: 'server',
    toml: 'limits.window_bytes',
    help: 'Bytes of batches a shipper may have sent and not yet acknowledged.',
  }),
  IDLE_TIMEOUT: option({
    kind: seconds({ min: 0.1, max: 24 * 3600 }),
    default: '120',
    side: 'server',
    toml: 'limits.idle_timeout_seconds',
    help: 'A connection is closed when nothing came for so long in the middle of a frame, before the first byte, or from a shipper (which sends PING). Plain peers between frames are let be.',
  }),
  AUTH_TOKENS: option({
    kind: tokens,
    default: '',
    side: 'server',
    toml: 'auth.tokens',
    secret: true,
    help: 'Tokens, with commas between them. Where there are any, a shipper must show one, and plain peers are refused.',
  }),
  AUTH_TOKENS_FILE: option({
    kind: path,
    default: '',
    side: 'server',
    toml: 'auth.tokens_file',
    help: 'In place of AUTH_TOKENS: a file of tokens, one a line, # for comments. SIGHUP reads it again.',
  }),
  AUTH_BIND_IDS: option({
    kind: boolean,
    default: 'false',
    side: 'server',
    toml: 'auth.bind_ids',
    help: 'A shipper id belongs to the certificate (its subject), else the token, that used it first; any other is refused. Kept in DATA_DIR/id_bindings.json.',
  }),
  AUTH_TOKEN: option({
    kind: token,
    default: '',
    side: 'client',
    toml: 'auth.token',
    secret: true,
    help: 'Token for a receiver that wants one; shown to no other.',
  }),
  AUTH_TOKEN_FILE: option({
    kind: path,
    default: '',
    side: 'client',
    toml: 'auth.token_file',
    help: 'In place of AUTH_TOKEN: a file that holds it.',
  }),
  TLS_ENABLED: option({
    kind: boolean,
    default: 'false',
    side: 'client',
    toml: 'tls.enabled',
    help: "Connect by TLS 1.2 or later, and check the receiver's certificate and name.",
  }),
  TLS_SERVER_NAME: option({
    kind: text('a host name', (value) => /^[A-Za-z0-9._-]*$/.test(value)),
    default: '',
    side: 'client',
    toml: 'tls.server_name',
    help: "The name the receiver's certificate must be for, where it is not SERVER_HOST.",
  }),
  TLS_CERT: option({
    kind: path,
    default: '',
    side: 'both',
    toml: 'tls.cert',
    help: 'File with the certificate to show, in PEM; with TLS_KEY. The receiver then speaks TLS and nothing else, and reads both again at SIGHUP.',
  }),
  TLS_KEY: option({
    kind: path,
    default: '',
    side: 'both',
    toml: 'tls.key',
    help: 'File with the private key of TLS_CERT, in PEM.',
  }),
  TLS_CA: option({
    kind: path,
    default: '',
    side: 'both',
    toml: 'tls.ca',
    help: "File with the certificates of the CAs to trust, in PEM. The receiver then demands a client certificate; the shipper trusts these in place of the system's.",
  }),
  SHUTDOWN_TIMEOUT: option({
    kind: seconds({ min: 0.1, max: 3600 }),
    default: '8',
    side: 'both',
    toml: 'shutdown_timeout_seconds',
    help: 'After SIGTERM or SIGINT: how long finishing what is in hand may take. A second signal ends at once.',
  }),
  LOG_LEVEL: option({
    kind: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    default: 'info',
    side: 'both',
    toml: 'log_level',
    help: 'How much the process says of itself.',
  }),
} as const;

export type OptionName = keyof typeof OPTIONS;

/** The value of every option, by its environment name. */
export type Settings = { readonly [Name in OptionName]: ReturnType<(typeof OPTIONS)[Name]['kind']['parse']> };

export const OPTION_NAMES = Object.keys(OPTIONS) as OptionName[];

/** `BATCH_SIZE` → `batch-size` */
export const flagOf = (name: OptionName): string => name.toLowerCase().replaceAll('_', '-');

export const optionsFor = (side: Exclude<Side, 'both'>): OptionName[] =>
  OPTION_NAMES.filter((name) => OPTIONS[name].side === 'both' || OPTIONS[name].side === side);
