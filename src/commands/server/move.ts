import type { Command } from 'commander';
import { addOptions, settingsOf } from '../../config/command_line.ts';
import type { OptionName, Settings } from '../../config/options.ts';
import { NATS_OPTION_NAMES, natsOptions, needNats, streamSettings } from '../../tools/nats_settings.ts';

/** What `move` heeds. */
const MOVE_OPTIONS: readonly OptionName[] = [
  'DATA_DIR',
  'ARCHIVE_FORMAT',
  'SEGMENT_MAX_BYTES',
  ...NATS_OPTION_NAMES,
  'LOG_LEVEL',
];

interface MoveFlags {
  readonly to?: string;
  readonly group: string;
}

/** Adds `move`. */
export function addMove(program: Command): void {
  addOptions(
    program
      .command('move [dir]')
      .description(
        'hand the places of shippers from an archive to JetStream, or back; with all receivers stopped',
      ),
    'server',
    MOVE_OPTIONS,
  )
    .option('--to <log>', 'jetstream: from the archive in dir to the streams; archive: the other way')
    .option('--group <name>', 'with --to archive: the workers that wrote the streams out', 'archive')
    .action(async (dir: string | undefined, flags: MoveFlags, command: Command) => {
      const settings = settingsOf(command);
      await move(dir ?? settings.DATA_DIR, flags, settings);
    });
}

async function move(folder: string, { to, group }: MoveFlags, settings: Settings): Promise<void> {
  if (to !== 'jetstream' && to !== 'archive')
    throw new Error(`--to is ${to ?? 'missing'}: expected jetstream or archive`);
  needNats('move');
  const { createLogger } = await import('../../base/logger.ts');
  const options = {
    folder,
    format: settings.ARCHIVE_FORMAT,
    segmentMaxBytes: settings.SEGMENT_MAX_BYTES,
    nats: natsOptions(settings, 'move'),
    streams: streamSettings(settings),
    group,
    log: await createLogger('logferryd', settings.LOG_LEVEL, 1),
  };
  if (to === 'jetstream') {
    const { moveToJetStream } = await import('../../tools/move/to_jetstream.ts');
    await moveToJetStream(options);
  } else {
    const { moveToArchive } = await import('../../tools/move/to_archive.ts');
    await moveToArchive(options);
  }
}
