import type { Command } from 'commander';
import { needPackage } from '../../base/optional_package.ts';
import { stopSignal } from '../../base/shutdown.ts';
import { addOptions, settingsOf } from '../../config/command_line.ts';
import type { OptionName } from '../../config/options.ts';
import { METRICS_OPTIONS } from './metrics_options.ts';

/** What `drain` heeds. */
const DRAIN_OPTIONS: readonly OptionName[] = [
  'REDIS_URL',
  'REDIS_KEY_EXPIRATION',
  'OUTPUT_DIR',
  'USER_FILES_DIR',
  'DRAIN_INTERVAL',
  'DRAIN_PATTERN',
  'LOG_LEVEL',
  'SHUTDOWN_TIMEOUT',
  ...METRICS_OPTIONS,
];

/** Adds `drain`. */
export function addDrain(program: Command): void {
  addOptions(
    program.command('drain').description('move what waits in Redis to the files of users'),
    'server',
    DRAIN_OPTIONS,
  )
    .option('--once', 'end when all is moved that waits now')
    .action(async ({ once }: { once?: true }, command: Command) => {
      const settings = settingsOf(command);
      needPackage('redis', 'drain');
      const { drain } = await import('../../tools/drain.ts');
      const { createLogger } = await import('../../base/logger.ts');
      const log = await createLogger('logferryd', settings.LOG_LEVEL, 1);
      const stop = stopSignal(settings.SHUTDOWN_TIMEOUT * 1000, () =>
        log.error('SHUTDOWN_TIMEOUT passed in the middle of a chunk: the next run finishes it'),
      );
      await drain(settings, { isOnce: once === true }, stop, log);
    });
}
