import { join, resolve } from 'node:path';
import type { OptionName, Settings } from '../config/options.ts';
import type { OutputStoreSettings } from '../outputs/events_store.ts';
import type { OutputSettings } from '../outputs/plans.ts';

/** The options that an event store heeds. */
export const STORE_OPTION_NAMES: readonly OptionName[] = [
  'DATA_DIR',
  'DATABASE_URL',
  'EVENTS_MAX_PAYLOAD_BYTES',
  'EVENTS_SNAPSHOT_EVERY',
];

/** The options that outputs heed. */
export const OUTPUT_OPTION_NAMES: readonly OptionName[] = [
  ...STORE_OPTION_NAMES,
  'OUTPUT_DIR',
  'CSV_FILE',
  'CSV_DEFUSE_FORMULAS',
  'SQLITE_FILE',
  'TEXT_FILE',
  'TEXT_TEMPLATE',
  'JSONL_FILE',
  'USER_FILES_DIR',
  'OUTPUT_MAX_BYTES',
  'OUTPUT_MAX_FILES',
];

/** What the options say of outputs; files are where OUTPUT_DIR is, unless their names say otherwise. */
export function outputSettings(settings: Settings, folder = settings.DATA_DIR): OutputSettings {
  const at = (file: string): string => resolve(settings.OUTPUT_DIR, file);
  return {
    folder,
    csvFile: at(settings.CSV_FILE),
    isCsvDefused: settings.CSV_DEFUSE_FORMULAS,
    sqliteFile: at(settings.SQLITE_FILE),
    textFile: at(settings.TEXT_FILE),
    textTemplate: settings.TEXT_TEMPLATE,
    jsonlFile: at(settings.JSONL_FILE),
    userFilesFolder: at(settings.USER_FILES_DIR),
    maxBytes: settings.OUTPUT_MAX_BYTES,
    maxFiles: settings.OUTPUT_MAX_FILES,
    ...storeSettings(settings),
  };
}

/** What the options say of the event store. */
export const storeSettings = (settings: Settings): OutputStoreSettings => ({
  ...(settings.DATABASE_URL === '' ? {} : { databaseUrl: settings.DATABASE_URL }),
  eventsFolder: join(settings.DATA_DIR, 'events'),
  maxPayloadBytes: settings.EVENTS_MAX_PAYLOAD_BYTES,
  snapshotEvery: settings.EVENTS_SNAPSHOT_EVERY,
});

/** True where EventService and the output `events` share an embedded store, which can be opened once. */
export const isStoreShared = ({ EVENTS_ENABLED, OUTPUTS, DATABASE_URL }: Settings): boolean =>
  EVENTS_ENABLED && OUTPUTS.includes('events') && DATABASE_URL === '';
