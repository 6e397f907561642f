/** Members of an entry that may say how grave it is; the first found counts. */
export const LEVEL_MEMBERS = ['level', 'severity', 'lvl', 'log_level', 'loglevel', 'log.level'] as const;
