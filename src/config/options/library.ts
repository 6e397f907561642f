/** What only the library has: how an application is kept free of waiting, and memory within bounds. */
import { bytes, oneOf, seconds } from '../kinds.ts';
import { GIB, KIB, option } from '../option.ts';

export const LIBRARY_ONLY_OPTIONS = {
  QUEUE_MAX_BYTES: option({
    kind: bytes({ min: 64 * KIB, max: 4 * GIB }),
    default: '64MiB',
    side: 'client',
    toml: 'queue.max_bytes',
    help: 'Memory for what is not acknowledged: half of it for entries not compressed yet, half for batches. With spoolDir: for entries until the spool is open.',
  }),
  QUEUE_FULL: option({
    kind: oneOf(['drop_oldest', 'drop_newest']),
    default: 'drop_oldest',
    side: 'client',
    toml: 'queue.full',
    help: 'Which batches are dropped then, counted and declared to the receiver. Entries that come faster than they are compressed are dropped as they come.',
  }),
  EXIT_TIMEOUT: option({
    kind: seconds({ min: 0, max: 60 }),
    default: '2',
    side: 'client',
    toml: 'exit_timeout_seconds',
    help: 'How long process.exit, an uncaught exception or the end of the program waits for the receiver.',
  }),
} as const;
