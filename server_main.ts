#!/usr/bin/env node
/** The receiver's program: `logferryd`. */
import type { Command } from 'commander';
import { readServerTls, readTokens } from './src/config/access.ts';
import { addOptions, createProgram, runProgram, settingsOf } from './src/config/command_line.ts';
import { createLogger, type Logger } from './src/base/logger.ts';
import { aborted, stopSignal } from './src/base/shutdown.ts';
import type { OptionName, Settings } from './src/config/options.ts';
import type { Receiver } from './src/receiver/receiver.ts';
import { OUTPUT_OPTION_NAMES, outputSettings } from './src/tools/output_settings.ts';

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

const OUTPUTS: readonly OptionName[] = [...OUTPUT_OPTION_NAMES, 'LOG_LEVEL', 'SHUTDOWN_TIMEOUT'];

addOptions(
  program.command('follow').description('write what the archive holds, and what comes, to an output'),
  'server',
  OUTPUTS,
)
  .option('--output <name>', 'which: csv, sqlite, text, jsonl or stats')
  .option('--from <start>', 'start: write the output anew, from the oldest entry on')
  .option('--once', 'end when it has caught up')
  .option('--forget <name>', 'retention is to keep nothing for this follower any more; nothing else is done')
  .action(async (wishes: FollowFlags, command: Command) => {
    await followInto(wishes, settingsOf(command));
  });

addOptions(
  program
    .command('disk [dir]')
    .description('what the archive and its outputs take on disk, and how far the outputs are'),
  'server',
  [...OUTPUT_OPTION_NAMES, 'RETENTION_MAX_BYTES', 'RETENTION_HARD_MAX_BYTES', 'RETENTION_MAX_AGE'],
)
  .option('--json', 'as JSON')
  .action(async (dir: string | undefined, { json }: { json?: true }, command: Command) => {
    const { diskTable, diskUsage } = await import('./src/tools/disk.ts');
    const settings = settingsOf(command);
    const usage = await diskUsage(outputSettings(settings, folderOf(dir, settings)), retentionOf(settings));
    process.stdout.write(json === true ? `${JSON.stringify(usage)}\n` : diskTable(usage));
  });

addOptions(
  program
    .command('stats [dir]')
    .description('entries by level, tag, service and source, as OUTPUTS=stats counts them'),
  'server',
  INSPECT,
)
  .option('--json', 'as JSON')
  .action(async (dir: string | undefined, { json }: { json?: true }, command: Command) => {
    const { readStatistics } = await import('./src/outputs/statistics.ts');
    const { statisticsTable } = await import('./src/tools/stats.ts');
    const folder = folderOf(dir, settingsOf(command));
    const statistics = await readStatistics(folder, Date.now());
    if (statistics === undefined)
      throw new Error(
        `there are no statistics of ${folder}: they are kept with OUTPUTS=stats, or by follow --output stats`,
      );
    process.stdout.write(json === true ? `${JSON.stringify(statistics)}\n` : statisticsTable(statistics));
  });

interface FollowFlags {
  readonly output?: string;
  readonly from?: string;
  readonly once?: true;
  readonly forget?: string;
}

async function followInto(
  { output, from, once, forget: gone }: FollowFlags,
  settings: Settings,
): Promise<void> {
  const { follow, forget, outputNamed } = await import('./src/tools/follow.ts');
  if (gone !== undefined) return forget(settings.DATA_DIR, gone);
  if (output === undefined) throw new Error('follow needs --output: which one is to be written');
  if (from !== undefined && from !== 'start') throw new Error(`--from is ${from}: expected start`);
  const name = outputNamed(output);
  const log = await createLogger('logferryd', settings.LOG_LEVEL, 1);
  const stop = stopSignal(settings.SHUTDOWN_TIMEOUT * 1000, () =>
    log.error('SHUTDOWN_TIMEOUT passed before everything read was saved: the next run reads it again'),
  );
  await follow(
    name,
    outputSettings(settings),
    { isAnew: from === 'start', isOnce: once === true },
    stop,
    log,
  );
}

const retentionOf = (settings: Settings) => ({
  maxBytes: settings.RETENTION_MAX_BYTES,
  maxAgeMs: settings.RETENTION_MAX_AGE * 1000,
  hardMaxBytes: settings.RETENTION_HARD_MAX_BYTES,
});

async function serve(settings: Settings): Promise<void> {
  const { startReceiver } = await import('./src/receiver/receiver.ts');
  const log = await createLogger('logferryd', settings.LOG_LEVEL, 1);
  const stop = stopSignal(settings.SHUTDOWN_TIMEOUT * 1000, () =>
    log.error('SHUTDOWN_TIMEOUT passed before everything in hand was on disk'),
  );
  const tls = readServerTls(settings);
  await using receiver = await startReceiver({
    tcp: {
      host: settings.SERVER_HOST,
      port: settings.SERVER_PORT,
      maxConnections: settings.MAX_CONNECTIONS,
      maxConnectionsPerAddress: settings.MAX_CONNECTIONS_PER_ADDRESS,
      ...(tls === undefined ? {} : { tls }),
    },
    access: { tokens: readTokens(settings), areIdsBound: settings.AUTH_BIND_IDS },
    limits: {
      maxFrameBytes: settings.MAX_FRAME_BYTES,
      maxBatchBytes: settings.MAX_BATCH_BYTES,
      windowBytes: settings.WINDOW_BYTES,
      idleTimeoutMs: settings.IDLE_TIMEOUT * 1000,
      frameTimeoutMs: settings.FRAME_TIMEOUT * 1000,
      maxEntryBytes: settings.MAX_ENTRY_BYTES,
      maxDepth: settings.MAX_DEPTH,
    },
    archive: {
      folder: settings.DATA_DIR,
      format: settings.ARCHIVE_FORMAT,
      segmentMaxBytes: settings.SEGMENT_MAX_BYTES,
      fsync: settings.FSYNC,
      fsyncEveryMs: settings.FSYNC_INTERVAL * 1000,
      retention: retentionOf(settings),
    },
    archiveLevel: settings.ARCHIVE_LEVEL,
    log,
  });
  reloadOnHangup(settings, receiver, log);
  await using followers = await followersOf(settings, log);
  log.info(
    { host: settings.SERVER_HOST, port: receiver.port, dataDir: settings.DATA_DIR, fsync: settings.FSYNC },
    `listening on ${settings.SERVER_HOST}:${receiver.port}`,
  );
  await aborted(stop);
  log.info('stopping: settling what is in hand');
  await receiver[Symbol.asyncDispose]();
  await followers?.[Symbol.asyncDispose]();
  if (receiver.trouble === undefined) return;
  log.error(
    { refused: receiver.ledger.refused },
    `stopped while the archive could not be written (${receiver.trouble.message}): what was in hand was not taken; shippers keep theirs, what plain peers sent is lost`,
  );
  process.exitCode = 1;
}

/** The threads of OUTPUTS, if there are any. */
async function followersOf(settings: Settings, log: Logger): Promise<AsyncDisposable | undefined> {
  if (settings.OUTPUTS.length === 0) return undefined;
  const { startFollowers } = await import('./src/outputs/followers.ts');
  return startFollowers(settings.OUTPUTS, outputSettings(settings), log);
}

/** SIGHUP reads the files of tokens and certificates again; what can't be used changes nothing. Without such files it ends the process, as ever. */
function reloadOnHangup(settings: Settings, receiver: Receiver, log: Logger): void {
  const reload = (what: string, work: () => void): void => {
    try {
      work();
      log.info(`SIGHUP: ${what} read again`);
    } catch (error) {
      log.error(`SIGHUP: ${what} stay as they were: ${(error as Error).message}`);
    }
  };
  if (settings.AUTH_TOKENS_FILE !== '')
    process.on('SIGHUP', () => reload('tokens', () => receiver.replaceTokens(readTokens(settings))));
  if (settings.TLS_CERT !== '')
    process.on('SIGHUP', () =>
      reload('certificates', () => receiver.replaceCertificate(readServerTls(settings) ?? {})),
    );
}

const folderOf = (dir: string | undefined, settings: Settings): string => dir ?? settings.DATA_DIR;

await runProgram(program);
