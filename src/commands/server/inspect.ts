/** `verify`, `cat`, `disk` and `stats`: what archives hold, and what they take. */
import type { Command } from 'commander';
import { addOptions, settingsOf } from '../../config/command_line.ts';
import { OUTPUT_OPTION_NAMES, outputSettings } from '../../tools/output_settings.ts';
import { INSPECT_OPTIONS, foldersOf } from './archive_folder.ts';
import { retentionOf } from './retention.ts';

/** Adds `verify`. */
export function addVerify(program: Command): void {
  addOptions(
    program
      .command('verify [dir...]')
      .description(
        "check every block of an archive, or of several as one, and every shipper's sequences; exit 1 on damage",
      ),
    'server',
    INSPECT_OPTIONS,
  ).action(async (dirs: string[], _options: unknown, command: Command) => {
    const { verify } = await import('../../tools/verify.ts');
    process.exitCode = await verify(await foldersOf(dirs, settingsOf(command)), process.stdout);
  });
}

interface CatFlags {
  readonly since?: string;
  readonly until?: string;
  readonly shipper?: string;
}

/** Adds `cat`. */
export function addCat(program: Command): void {
  addOptions(
    program
      .command('cat [dir...]')
      .description('print the entries of an archive, or of several as one, in order'),
    'server',
    INSPECT_OPTIONS,
  )
    .option('--since <time>', 'only blocks received at or after this time (ISO 8601, or 15m, 2h, 1d ago)')
    .option('--until <time>', 'only blocks received before this time')
    .option('--shipper <id>', 'only what this shipper sent (plain peers: @plain)')
    .action(async (dirs: string[], filter: CatFlags, command: Command) => {
      const { cat } = await import('../../tools/cat.ts');
      process.exitCode = await cat(await foldersOf(dirs, settingsOf(command)), filter, process.stdout);
    });
}

/** Adds `disk`. */
export function addDisk(program: Command): void {
  addOptions(
    program
      .command('disk [dir]')
      .description('what the archive and its outputs take on disk, and how far the outputs are'),
    'server',
    [...OUTPUT_OPTION_NAMES, 'RETENTION_MAX_BYTES', 'RETENTION_HARD_MAX_BYTES', 'RETENTION_MAX_AGE'],
  )
    .option('--json', 'as JSON')
    .action(async (dir: string | undefined, { json }: { json?: true }, command: Command) => {
      const { diskTable, diskUsage } = await import('../../tools/disk.ts');
      const settings = settingsOf(command);
      const usage = await diskUsage(outputSettings(settings, dir), retentionOf(settings));
      process.stdout.write(json === true ? `${JSON.stringify(usage)}\n` : diskTable(usage));
    });
}

/** Adds `stats`. */
export function addStats(program: Command): void {
  addOptions(
    program
      .command('stats [dir...]')
      .description(
        'entries by level, tag, service and source, as OUTPUTS=stats counts them; of several archives their sums',
      ),
    'server',
    INSPECT_OPTIONS,
  )
    .option('--json', 'as JSON')
    .action(async (dirs: string[], { json }: { json?: true }, command: Command) => {
      const { statisticsOf, statisticsTable } = await import('../../tools/stats.ts');
      const statistics = await statisticsOf(await foldersOf(dirs, settingsOf(command)), Date.now());
      process.stdout.write(json === true ? `${JSON.stringify(statistics)}\n` : statisticsTable(statistics));
    });
}
