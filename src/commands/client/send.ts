import { resolve } from 'node:path';
import type { Command } from 'commander';
import { addOptions, settingsOf } from '../../config/command_line.ts';

/** Adds `send`. */
export function addSend(program: Command): void {
  addOptions(
    program
      .command('send <file...>')
      .description('ship files once; run again, it goes on where the receiver stands'),
    'client',
  ).action(async (names: string[], _options: unknown, command: Command) => {
    const { expectFiles, files } = await import('../../shipper/sources/files.ts');
    const settings = settingsOf(command);
    const paths = names.map((name) => resolve(name));
    await expectFiles(paths);
    const { BATCH_MAX_BYTES: readBytes, MAX_LINE_BYTES: maxLineBytes } = settings;
    const { ship } = await import('./shipping/ship.ts');
    await ship('send', paths, settings, (log, shaperOf) =>
      files({
        paths,
        readBytes,
        maxLineBytes,
        ...(shaperOf === undefined ? {} : { shaperOf }),
        log,
      }),
    );
  });
}
