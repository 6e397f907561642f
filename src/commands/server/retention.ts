import type { Settings } from '../../config/options.ts';

/** What an archive is kept to, as retention takes it. */
export const retentionOf = (settings: Settings) => ({
  maxBytes: settings.RETENTION_MAX_BYTES,
  maxAgeMs: settings.RETENTION_MAX_AGE * 1000,
  hardMaxBytes: settings.RETENTION_HARD_MAX_BYTES,
});
