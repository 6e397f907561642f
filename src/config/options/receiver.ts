/** What the receiver takes, and the archive it keeps. */
import { bytes, integer, oneOf, seconds, text } from '../kinds.ts';
import { GIB, KIB, option } from '../option.ts';

const YEAR_SECONDS = 365 * 24 * 3600;

export const RECEIVER_OPTIONS = {
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
} as const;
