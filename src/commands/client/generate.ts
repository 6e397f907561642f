import type { Command } from 'commander';
import { stopSignal } from '../../base/shutdown.ts';
import { addOptions, settingsOf } from '../../config/command_line.ts';
import type { Settings } from '../../config/options.ts';
import type { Source } from '../../shipper/source.ts';

/** Adds `generate`, which is what the program does where no command is named. */
export function addGenerate(program: Command): void {
  addOptions(
    program
      .command('generate', { isDefault: true })
      .description('ship made-up entries (the default), or write them to a file or standard output: --out'),
    'client',
  ).action(async (_options: unknown, command: Command) => {
    const { generator } = await import('../../shipper/sources/generator/generator.ts');
    const { generatorOptions } = await import('../../config/generator.ts');
    const settings = settingsOf(command);
    const options = generatorOptions(settings);
    if (settings.GENERATE_OUT !== '') return writeOut(generator({ ...options, isRaw: true }), settings);
    const { ship } = await import('./shipping/ship.ts');
    await ship('generate', [], settings, async (_log, shaperOf) => {
      const source = generator(options);
      if (shaperOf === undefined) return source;
      const { shapedSource } = await import('../../shipper/processors/shaped_source.ts');
      return shapedSource(source, shaperOf);
    });
  });
}

/** `generate --out`: no receiver is asked for. */
async function writeOut(source: Source, settings: Settings): Promise<void> {
  const { GENERATE_OUT: out, GENERATE_FORMAT: format } = settings;
  const { appendToFile, writeToStream } = await import('../../shipper/sources/generator/write_lines.ts');
  const { createLogger } = await import('../../base/logger.ts');
  const log = await createLogger('logferry', settings.LOG_LEVEL, 2);
  const signal = stopSignal(settings.SHUTDOWN_TIMEOUT * 1000, () =>
    log.error('SHUTDOWN_TIMEOUT passed before everything was written'),
  );
  const lines = { source, format, signal };
  const written = await (out === '-' ? writeToStream(lines, process.stdout) : appendToFile(lines, out));
  if (written !== undefined)
    log.info(`done: ${written} entries written to ${out === '-' ? 'standard output' : out}`);
}
