import type { Command } from 'commander';
import { stopSignal } from '../../base/shutdown.ts';
import { addOptions, settingsOf } from '../../config/command_line.ts';
import type { QueryCommandFlags } from '../../tools/query/query.ts';
import { withQueryFlags } from '../../tools/query/query_flags.ts';
import { INSPECT_OPTIONS, foldersOf } from './archive_folder.ts';

/** Adds `query`. */
export function addQuery(program: Command): void {
  addOptions(
    withQueryFlags(
      program
        .command('query [dir...]')
        .description('find entries by time, level, service, tag, field or text, also while they are written'),
    ),
    'server',
    INSPECT_OPTIONS,
  )
    .option(
      '--format <format>',
      'json (the lines as they are stored), text or csv; default: text on a terminal, else json',
    )
    .option('--limit <number>', 'end after so many entries')
    .option('--count', 'print how many there are, and nothing else')
    .option('--follow', 'go on with what comes, until told to stop')
    .option(
      '--sql <question>',
      "answer it with DuckDB, which is to be installed: 'select level, count(*) from logs group by 1'",
    )
    .action(async (dirs: string[], flags: QueryCommandFlags, command: Command) => {
      const { query } = await import('../../tools/query/query.ts');
      const folders = await foldersOf(dirs, settingsOf(command));
      const stop = stopSignal(1000, () => undefined);
      const streams = { output: process.stdout, errors: process.stderr };
      process.exitCode = await query(folders, flags, streams, stop);
    });
}
