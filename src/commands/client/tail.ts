import { resolve } from 'node:path';
import type { Command } from 'commander';
import { addOptions, settingsOf } from '../../config/command_line.ts';

/** Adds `tail`. */
export function addTail(program: Command): void {
  addOptions(
    program
      .command('tail <path...>')
      .description(
        "follow files as they grow, through rotation, until told to stop; paths may be patterns in quotes: '/var/log/app/*.log*'",
      ),
    'client',
  ).action(async (names: string[], _options: unknown, command: Command) => {
    const { tail } = await import('../../shipper/sources/tail/tail.ts');
    const settings = settingsOf(command);
    const paths = names.map((name) => resolve(name));
    const { TAIL_FROM: from, TAIL_EXCLUDE: exclude, TAIL_MAX_OPEN: maxOpen } = settings;
    const { BATCH_MAX_BYTES: readBytes, MAX_LINE_BYTES: maxLineBytes } = settings;
    const times = {
      scanMs: settings.TAIL_SCAN_INTERVAL * 1000,
      rotatedMs: settings.TAIL_ROTATED_WAIT * 1000,
    };
    const reading = { readBytes, maxLineBytes, maxOpen, times };
    const { ship } = await import('./shipping/ship.ts');
    await ship('tail', paths, settings, (log, shaperOf) =>
      tail({
        paths,
        exclude,
        from,
        ...reading,
        ...(shaperOf === undefined ? {} : { shaperOf }),
        log,
      }),
    );
  });
}
