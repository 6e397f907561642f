/** What the shipper does with entries: batches, compression, delivery, the spool. */
import { boolean, bytes, integer, oneOf, seconds, text } from '../kinds.ts';
import { GIB, KIB, MIB, option } from '../option.ts';

const milliseconds = (given: string): string =>
  /^\d+(\.\d+)?$/.test(given) ? String(Number(given) / 1000) : given;

/** Letters, digits and a little more, as the wire wants it, with `{hostname}` and `{pid}` to be filled in. */
const SHIPPER_ID = /^[A-Za-z0-9{][A-Za-z0-9._:{}-]{0,127}$/;

export const SHIPPER_OPTIONS = {
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
} as const;
