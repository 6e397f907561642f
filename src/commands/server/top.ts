import type { Command } from 'commander';
import { stopSignal } from '../../base/shutdown.ts';
import { addOptions, settingsOf } from '../../config/command_line.ts';
import { TOP_OPTION_NAMES, liveSourceOf } from '../../tools/top/top_settings.ts';

/** Adds `top`. */
export function addTop(program: Command): void {
  addOptions(
    program
      .command('top [url]')
      .description(
        'a receiver as it runs, in this terminal: at METRICS_PORT, else DASHBOARD_PORT, or at a URL such as http://logs:8080',
      ),
    'server',
    TOP_OPTION_NAMES,
  )
    .option('--once', 'print it once, as plain text (so it is where there is no terminal)')
    .action(async (url: string | undefined, { once }: { once?: true }, command: Command) => {
      const { top } = await import('../../tools/top/top.ts');
      const source = liveSourceOf(settingsOf(command), url);
      const hasColour = process.env.NO_COLOR === undefined || process.env.NO_COLOR === '';
      const stop = stopSignal(1000, () => undefined);
      await top({ ...source, isOnce: once === true, hasColour }, process.stdout, process.stdin, stop);
    });
}
