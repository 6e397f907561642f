/** How either program behaves as a process. */
import { oneOf, seconds } from '../kinds.ts';
import { option } from '../option.ts';

export const PROCESS_OPTIONS = {
  SHUTDOWN_TIMEOUT: option({
    kind: seconds({ min: 0.1, max: 3600 }),
    default: '8',
    side: 'both',
    toml: 'shutdown_timeout_seconds',
    help: 'After SIGTERM or SIGINT: how long finishing what is in hand may take. A second signal ends at once.',
  }),
  LOG_LEVEL: option({
    kind: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    default: 'info',
    side: 'both',
    toml: 'log_level',
    help: 'How much the process says of itself.',
  }),
} as const;
