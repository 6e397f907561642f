import type { ArchiveOptions } from '../../archive/archive.ts';
import type { OptionName, Settings } from '../../config/options.ts';
import { retentionOf } from './retention.ts';

/** What an archive that is written heeds. */
export const ARCHIVE_OPTION_NAMES: readonly OptionName[] = [
  'DATA_DIR',
  'ARCHIVE_FORMAT',
  'ARCHIVE_LEVEL',
  'SEGMENT_MAX_BYTES',
  'FSYNC',
  'FSYNC_INTERVAL',
  'RETENTION_MAX_BYTES',
  'RETENTION_MAX_AGE',
  'RETENTION_HARD_MAX_BYTES',
];

/** The archive of DATA_DIR, to be written. */
export const archiveOf = (settings: Settings): ArchiveOptions => ({
  folder: settings.DATA_DIR,
  format: settings.ARCHIVE_FORMAT,
  segmentMaxBytes: settings.SEGMENT_MAX_BYTES,
  fsync: settings.FSYNC,
  fsyncEveryMs: settings.FSYNC_INTERVAL * 1000,
  retention: retentionOf(settings),
});
