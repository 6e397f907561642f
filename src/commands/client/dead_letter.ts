import type { Command } from 'commander';
import { stopSignal } from '../../base/shutdown.ts';
import { addOptions, settingsOf } from '../../config/command_line.ts';
import { RETRY_OPTIONS } from './retry_options.ts';

interface RetryFlags {
  readonly shipper?: string;
  readonly dryRun?: boolean;
}

/** Adds `dead-letter list` and `dead-letter retry`. */
export function addDeadLetter(program: Command): void {
  const group = program
    .command('dead-letter')
    .description('what receivers would not take, and why (kept in STATE_DIR)');
  addList(group);
  addRetry(group);
}

function addList(group: Command): void {
  addOptions(group.command('list').description('print a table of it'), 'client', ['STATE_DIR']).action(
    async (_options: unknown, command: Command) => {
      const { deadLetterTable, readDeadLetters } = await import('../../shipper/dead_letters/list.ts');
      const letters = await readDeadLetters(settingsOf(command).STATE_DIR, noDeadLetter);
      process.stdout.write(deadLetterTable(letters, Date.now()));
    },
  );
}

function addRetry(group: Command): void {
  addOptions(
    group
      .command('retry [path...]')
      .description(
        'ship it again, all or these, each exactly once; what the receiver has on disk is removed. Exits 1 where any remains',
      )
      .option('--shipper <id>', 'only what this shipper had sent')
      .option('--dry-run', 'print what would be sent, and send nothing'),
    'client',
    RETRY_OPTIONS,
  ).action(retry);
}

async function retry(paths: string[], { shipper, dryRun }: RetryFlags, command: Command): Promise<void> {
  const { chooseLetters, retryDeadLetters, tellLetters } =
    await import('../../shipper/dead_letters/command.ts');
  const settings = settingsOf(command);
  const choice = {
    stateFolder: settings.STATE_DIR,
    paths,
    ...(shipper === undefined ? {} : { shipper }),
  };
  const tell = (line: string): unknown => process.stdout.write(`${line}\n`);
  const letters = await chooseLetters(choice, noDeadLetter);
  if (letters.length === 0) tell('no dead letters');
  else if (dryRun === true) process.exitCode = await tellLetters(letters, settings.BATCH_MAX_BYTES, tell);
  else {
    const { connectionOf, warnOfOpenLine } = await import('./shipping/connection.ts');
    const { createLogger } = await import('../../base/logger.ts');
    const log = await createLogger('logferry', settings.LOG_LEVEL, 2);
    warnOfOpenLine(settings, log);
    const options = {
      ...connectionOf(settings),
      maxBytes: settings.BATCH_MAX_BYTES,
      log,
    };
    const stop = stopSignal(settings.SHUTDOWN_TIMEOUT * 1000, () => undefined);
    process.exitCode = await retryDeadLetters(choice, options, tell, stop);
  }
}

const noDeadLetter = (path: string, why: string): unknown =>
  process.stderr.write(`no dead letter: ${JSON.stringify(path)} (${why})\n`);
