import type { OptionName, Settings } from '../../config/options.ts';

/** What a command heeds that only reads an archive. */
export const INSPECT_OPTIONS: readonly OptionName[] = ['DATA_DIR'];

/** The folder that a command names, else that of the settings. */
export const folderOf = (dir: string | undefined, settings: Settings): string => dir ?? settings.DATA_DIR;
