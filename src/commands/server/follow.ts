import type { Command } from 'commander';
import { stopSignal } from '../../base/shutdown.ts';
import { addOptions, settingsOf } from '../../config/command_line.ts';
import type { OptionName, Settings } from '../../config/options.ts';
import { OUTPUT_OPTION_NAMES, outputSettings } from '../../tools/output_settings.ts';
import { METRICS_OPTIONS } from './metrics_options.ts';

/** What `follow` heeds. */
const FOLLOW_OPTIONS: readonly OptionName[] = [
  ...OUTPUT_OPTION_NAMES,
  ...METRICS_OPTIONS,
  'LOG_LEVEL',
  'SHUTDOWN_TIMEOUT',
];

interface FollowFlags {
  readonly output?: string;
  readonly from?: string;
  readonly once?: true;
  readonly forget?: string;
}

/** Adds `follow`. */
export function addFollow(program: Command): void {
  addOptions(
    program.command('follow').description('write what the archive holds, and what comes, to an output'),
    'server',
    FOLLOW_OPTIONS,
  )
    .option('--output <name>', 'which: csv, sqlite, text, jsonl, stats, users or events')
    .option('--from <start>', 'start: write the output anew, from the oldest entry on')
    .option('--once', 'end when it has caught up')
    .option(
      '--forget <name>',
      'retention is to keep nothing for this follower any more; nothing else is done',
    )
    .action(async (flags: FollowFlags, command: Command) => {
      await followInto(flags, settingsOf(command));
    });
}

async function followInto(
  { output, from, once, forget: gone }: FollowFlags,
  settings: Settings,
): Promise<void> {
  const { follow, forget, outputNamed } = await import('../../tools/follow.ts');
  if (gone !== undefined) return forget(settings.DATA_DIR, gone);
  if (output === undefined) throw new Error('follow needs --output: which one is to be written');
  if (from !== undefined && from !== 'start') throw new Error(`--from is ${from}: expected start`);
  const name = outputNamed(output);
  const { createLogger } = await import('../../base/logger.ts');
  const log = await createLogger('logferryd', settings.LOG_LEVEL, 1);
  const stop = stopSignal(settings.SHUTDOWN_TIMEOUT * 1000, () =>
    log.error('SHUTDOWN_TIMEOUT passed before everything read was saved: the next run reads it again'),
  );
  const { openFollowerMonitor } = await import('../../tools/monitor/follower_monitor.ts');
  await using watched = new AsyncDisposableStack();
  if (once !== true)
    watched.use(await openFollowerMonitor(settings, { folder: settings.DATA_DIR, name }, log));
  const how = { isAnew: from === 'start', isOnce: once === true };
  await follow(name, outputSettings(settings), how, stop, log);
}
