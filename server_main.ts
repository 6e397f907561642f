#!/usr/bin/env node
/** The receiver's program: `logferryd`. */
import type { Command } from 'commander';
import { addOptions, createProgram, runProgram, settingsOf } from './src/config/command_line.ts';
import { createLogger } from './src/base/logger.ts';
import { aborted, stopSignal } from './src/base/shutdown.ts';
import type { OptionName, Settings } from './src/config/options.ts';

const program = createProgram(
  'logferryd',
  'Receives logs, keeps each exactly once in an archive of ordinary .jsonl.gz files.',
);

addOptions(
  program.command('serve', { isDefault: true }).description('receive and archive (the default)'),
  'server',
).action(async (_options: unknown, command: Command) => {
  await serve(settingsOf(command));
});

const INSPECT: readonly OptionName[] = ['DATA_DIR'];

addOptions(
  program
    .command('verify [dir]')
    .description("check every block of an archive and every shipper's sequences; exit 1 on damage"),
  'server',
  INSPECT,
).action(async (dir: string | undefined, _options: unknown, command: Command) => {
  const { verify } = await import('./src/tools/verify.ts');
  process.exitCode = await verify(folderOf(dir, settingsOf(command)), process.stdout);
});

addOptions(
  program.command('cat [dir]').description('print the entries of an archive in order'),
  'server',
  INSPECT,
)
  .option('--since <time>', 'only blocks received at or after this time (ISO 8601, or 15m, 2h, 1d ago)')
  .option('--until <time>', 'only blocks received before this time')
  .option('--shipper <id>', 'only what this shipper sent (plain peers: @plain)')
  .action(
    async (
      dir: string | undefined,
      filter: { since?: string; until?: string; shipper?: string },
      command: Command,
    ) => {
      const { cat } = await import('./src/tools/cat.ts');
      process.exitCode = await cat(folderOf(dir, settingsOf(command)), filter, process.stdout);
    },
  );

async function serve(settings: Settings): Promise<void> {
  const { startReceiver } = await import('./src/receiver/receiver.ts');
  const log = await createLogger('logferryd', settings.LOG_LEVEL, 1);
  const stop = stopSignal(settings.SHUTDOWN_TIMEOUT * 1000, () =>
    log.error('SHUTDOWN_TIMEOUT passed before everything in hand was on disk'),
  );
  await using receiver = await startReceiver({
    tcp: { host: settings.SERVER_HOST, port: settings.SERVER_PORT, maxConnections: settings.MAX_CONNECTIONS },
    limits: {
      maxFrameBytes: settings.MAX_FRAME_BYTES,
      maxBatchBytes: settings.MAX_BATCH_BYTES,
      windowBytes: settings.WINDOW_BYTES,
      idleTimeoutMs: settings.IDLE_TIMEOUT * 1000,
    },
    archive: {
      folder: settings.DATA_DIR,
      format: settings.ARCHIVE_FORMAT,
      segmentMaxBytes: settings.SEGMENT_MAX_BYTES,
      fsync: settings.FSYNC,
      fsyncEveryMs: settings.FSYNC_INTERVAL * 1000,
    },
    archiveLevel: settings.ARCHIVE_LEVEL,
    log,
  });
  log.info(
    { host: settings.SERVER_HOST, port: receiver.port, dataDir: settings.DATA_DIR, fsync: settings.FSYNC },
    `listening on ${settings.SERVER_HOST}:${receiver.port}`,
  );
  await aborted(stop);
  log.info('stopping: settling what is in hand');
}

const folderOf = (dir: string | undefined, settings: Settings): string => dir ?? settings.DATA_DIR;

await runProgram(program);
