import type { OptionName, Settings } from '../../config/options.ts';
import { distinctFolders } from '../../tools/distinct_folders.ts';

/** What a command heeds that only reads archives. */
export const INSPECT_OPTIONS: readonly OptionName[] = ['DATA_DIR'];

/** The folders that a command names, else that of the settings. Throws QueryError where one is named twice. */
export const foldersOf = (dirs: readonly string[], settings: Settings): Promise<readonly string[]> =>
  distinctFolders(dirs.length === 0 ? [settings.DATA_DIR] : dirs);
