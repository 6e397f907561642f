/** Where entries come from. */
import { bytes, integer, seconds } from '../kinds.ts';
import { MIB, option } from '../option.ts';

const YEAR_SECONDS = 365 * 24 * 3600;

export const SOURCE_OPTIONS = {
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
  MAX_LINE_BYTES: option({
    kind: bytes({ min: 256, max: 16 * MIB }),
    default: '1MiB',
    side: 'client',
    toml: 'source.max_line_bytes',
    help: 'send and pipe: a longer line is shipped in pieces of this size, each marked.',
  }),
} as const;
