import { resolve } from 'node:path';
import type { Command } from 'commander';
import { addOptions, settingsOf } from '../../config/command_line.ts';
import type { OptionName } from '../../config/options.ts';
import { distinctFolders } from '../../tools/distinct_folders.ts';
import { withQueryFlags } from '../../tools/query/query_flags.ts';
import type { ReplayFlags } from '../../tools/replay.ts';
import { RETRY_OPTIONS } from './retry_options.ts';

/** What `replay` heeds. */
const REPLAY_OPTIONS: readonly OptionName[] = [
  ...RETRY_OPTIONS,
  ...(['BATCH_SIZE', 'BATCH_INTERVAL', 'SHIPPER_ID'] as const),
];

/** Adds `replay`. */
export function addReplay(program: Command): void {
  addOptions(
    withQueryFlags(
      program
        .command('replay <dir...>')
        .description(
          'ship the entries of an archive, or of several as one, to another receiver, each exactly once; run again, it goes on where that stands',
        ),
    ),
    'client',
    REPLAY_OPTIONS,
  )
    .option(
      '--speed <factor>',
      '1: as fast as they were received; 10: ten times as fast; 0: as fast as can be',
      '0',
    )
    .action(async (dirs: string[], flags: ReplayFlags, command: Command) => {
      const { planReplay } = await import('../../tools/replay.ts');
      const plan = await planReplay(await distinctFolders(dirs.map((dir) => resolve(dir))), flags);
      // A receiver that does not acknowledge could not say what it has.
      const settings = { ...settingsOf(command), DELIVERY: 'acked' as const };
      const { ship } = await import('./shipping/ship.ts');
      await ship('replay', [...plan.names], settings, (log) => plan.source(log));
      if (plan.isDamaged) process.exitCode = 1;
    });
}
