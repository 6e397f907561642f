import type { Command } from 'commander';
import { addOptions, settingsOf } from '../../config/command_line.ts';

/** Adds `pipe`. */
export function addPipe(program: Command): void {
  addOptions(program.command('pipe').description('ship the lines of standard input'), 'client').action(
    async (_options: unknown, command: Command) => {
      const { pipe } = await import('../../shipper/sources/pipe.ts');
      const settings = settingsOf(command);
      const { MAX_LINE_BYTES: maxLineBytes } = settings;
      const { ship } = await import('./shipping/ship.ts');
      await ship('pipe', [], settings, (_log, shaperOf) =>
        pipe({
          input: process.stdin,
          maxLineBytes,
          ...(shaperOf === undefined ? {} : { shaperOf }),
        }),
      );
    },
  );
}
