import type { Command } from 'commander';
import type { Logger } from '../../base/logger.ts';
import { stopSignal } from '../../base/shutdown.ts';
import { addOptions, settingsOf } from '../../config/command_line.ts';
import type { OptionName, Settings } from '../../config/options.ts';
import { NATS_OPTION_NAMES, needNats } from '../../tools/nats_settings.ts';
import { OUTPUT_OPTION_NAMES, outputSettings } from '../../tools/output_settings.ts';
import { ARCHIVE_OPTION_NAMES, archiveOf } from './archive_options.ts';
import { METRICS_OPTIONS } from './metrics_options.ts';

/** What `follow` heeds. */
const FOLLOW_OPTIONS: readonly OptionName[] = [
  ...OUTPUT_OPTION_NAMES,
  ...METRICS_OPTIONS,
  'LOG_LEVEL',
  'SHUTDOWN_TIMEOUT',
  ...NATS_OPTION_NAMES,
  'NATS_WORKER_LEASE',
  ...ARCHIVE_OPTION_NAMES.filter((name) => name !== 'DATA_DIR'),
  'OUTPUTS',
];

interface FollowFlags {
  readonly output?: string;
  readonly from?: string;
  readonly once?: true;
  readonly forget?: string;
  readonly group?: string;
  readonly abandon?: string;
}

/** Adds `follow`. */
export function addFollow(program: Command): void {
  addOptions(
    program
      .command('follow')
      .description('write what the archive, or NATS JetStream, holds, and what comes, to an output'),
    'server',
    FOLLOW_OPTIONS,
  )
    .option(
      '--output <name>',
      'which: csv, sqlite, text, jsonl, stats, users or events; with --from jetstream also archive',
    )
    .option(
      '--from <start>',
      'start: write the output anew, from the oldest entry on; jetstream: write out the streams that receivers with COMMIT_LOG=jetstream share, together with others that do so',
    )
    .option('--once', 'end when it has caught up')
    .option(
      '--forget <name>',
      'nothing is to be kept for this follower any more (with --from jetstream: for this group of workers); nothing else is done',
    )
    .option(
      '--group <name>',
      'with --from jetstream: workers of one group share the work (default: the name of the output)',
    )
    .option(
      '--abandon <worker>',
      'with --from jetstream: the disk of this worker is lost; this one, with a new DATA_DIR, is to be it from now on',
    )
    .action(async (flags: FollowFlags, command: Command) => {
      const settings = settingsOf(command);
      await (flags.from === 'jetstream' ? workOnStreams(flags, settings) : followInto(flags, settings));
    });
}

async function followInto(flags: FollowFlags, settings: Settings): Promise<void> {
  const { output, from, once, forget: gone } = flags;
  const { follow, forget, outputNamed } = await import('../../tools/follow.ts');
  if (gone !== undefined) return forget(settings.DATA_DIR, gone);
  if (output === undefined) throw new Error('follow needs --output: which one is to be written');
  if (from !== undefined && from !== 'start')
    throw new Error(`--from is ${from}: expected start or jetstream`);
  if (flags.group !== undefined || flags.abandon !== undefined)
    throw new Error('--group and --abandon go with --from jetstream');
  const name = outputNamed(output);
  const { log, stop } = await begin(
    settings,
    'SHUTDOWN_TIMEOUT passed before everything read was saved: the next run reads it again',
  );
  const { openFollowerMonitor } = await import('../../tools/monitor/follower_monitor.ts');
  await using watched = new AsyncDisposableStack();
  if (once !== true)
    watched.use(await openFollowerMonitor(settings, { folder: settings.DATA_DIR, name }, log));
  const how = { isAnew: from === 'start', isOnce: once === true };
  await follow(name, outputSettings(settings), how, stop, log);
}

async function workOnStreams(flags: FollowFlags, settings: Settings): Promise<void> {
  const { output, once, forget: gone, abandon: abandoned } = flags;
  needNats('follow --from jetstream');
  const { followStream, forgetWorkers } = await import('../../tools/follow_stream.ts');
  if (gone !== undefined) return forgetWorkers(settings, gone);
  if (output === undefined)
    throw new Error('follow needs --output: archive, or which output is to be written');
  const target = await targetOf(output, settings);
  const { log, stop } = await begin(
    settings,
    'SHUTDOWN_TIMEOUT passed before what was reserved was written: it waits for the next run',
  );
  const how = { output, target, group: flags.group ?? output, abandoned, isOnce: once === true };
  await followStream(settings, how, stop, log);
}

async function targetOf(name: string, options: Settings) {
  const settings = outputSettings(options);
  if (name === 'archive')
    return { archive: archiveOf(options), level: options.ARCHIVE_LEVEL, outputs: options.OUTPUTS, settings };
  const { outputNamed } = await import('../../tools/follow.ts');
  return { output: outputNamed(name), settings };
}

async function begin(settings: Settings, tooLate: string): Promise<{ log: Logger; stop: AbortSignal }> {
  const { createLogger } = await import('../../base/logger.ts');
  const log = await createLogger('logferryd', settings.LOG_LEVEL, 1);
  return { log, stop: stopSignal(settings.SHUTDOWN_TIMEOUT * 1000, () => log.error(tooLate)) };
}
