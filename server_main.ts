#!/usr/bin/env node
/** The receiver's program: `logferryd`. */
import type { Command } from 'commander';
import { readServerTls, readTokens } from './src/config/access.ts';
import { addOptions, createProgram, runProgram, settingsOf } from './src/config/command_line.ts';
import { createLogger, type Logger } from './src/base/logger.ts';
import { aborted, stopSignal } from './src/base/shutdown.ts';
import { optionsFor, type OptionName, type Settings } from './src/config/options.ts';
import { isArchiveUsed, openHttp, outputsBeside } from './src/tools/http_settings.ts';
import { OUTPUT_OPTION_NAMES, outputSettings } from './src/tools/output_settings.ts';
import { hangups, reload } from './src/tools/reload.ts';

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

/** In their file the server is that of HTTP. */
const HTTP_KEYS = { 'server.host': 'HTTP_HOST', 'server.port': 'HTTP_PORT' } as const;

addOptions(
  program.command('http').description('take events of users by HTTP, and nothing else'),
  'server',
  optionsFor('server').filter((name) => !['SERVER_HOST', 'SERVER_PORT', 'HTTP_ENABLED'].includes(name)),
).action(async (_options: unknown, command: Command) => {
  const settings = { ...settingsOf(command, HTTP_KEYS), HTTP_ENABLED: true };
  if (isArchiveUsed(settings)) return serve(settings, { isHttpAlone: true });
  const { serveFromRedis } = await import('./src/tools/serve_from_redis.ts');
  await serveFromRedis(settings);
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

const DRAIN: readonly OptionName[] = [
  'REDIS_URL',
  'REDIS_KEY_EXPIRATION',
  'OUTPUT_DIR',
  'USER_FILES_DIR',
  'DRAIN_INTERVAL',
  'DRAIN_PATTERN',
  'LOG_LEVEL',
  'SHUTDOWN_TIMEOUT',
];

addOptions(
  program.command('drain').description('move what waits in Redis to the files of users'),
  'server',
  DRAIN,
)
  .option('--once', 'end when all is moved that waits now')
  .action(async ({ once }: { once?: true }, command: Command) => {
    const settings = settingsOf(command);
    const { drain } = await import('./src/tools/drain.ts');
    const log = await createLogger('logferryd', settings.LOG_LEVEL, 1);
    const stop = stopSignal(settings.SHUTDOWN_TIMEOUT * 1000, () =>
      log.error('SHUTDOWN_TIMEOUT passed in the middle of a chunk: the next run finishes it'),
    );
    await drain(settings, { isOnce: once === true }, stop, log);
  });

const OUTPUTS: readonly OptionName[] = [...OUTPUT_OPTION_NAMES, 'LOG_LEVEL', 'SHUTDOWN_TIMEOUT'];

addOptions(
  program.command('follow').description('write what the archive holds, and what comes, to an output'),
  'server',
  OUTPUTS,
)
  .option('--output <name>', 'which: csv, sqlite, text, jsonl, stats or users')
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

async function serve(settings: Settings, { isHttpAlone = false } = {}): Promise<void> {
  const onHangup = hangups(settings);
  const { startReceiver } = await import('./src/receiver/receiver.ts');
  const log = await createLogger('logferryd', settings.LOG_LEVEL, 1);
  const stop = stopSignal(settings.SHUTDOWN_TIMEOUT * 1000, () =>
    log.error('SHUTDOWN_TIMEOUT passed before everything in hand was on disk'),
  );
  const tls = readServerTls(settings);
  const tcp = {
    host: settings.SERVER_HOST,
    port: settings.SERVER_PORT,
    maxConnections: settings.MAX_CONNECTIONS,
    maxConnectionsPerAddress: settings.MAX_CONNECTIONS_PER_ADDRESS,
    ...(tls === undefined ? {} : { tls }),
  };
  await using http = settings.HTTP_ENABLED ? await openHttp(settings, tls, log) : undefined;
  await using receiver = await startReceiver({
    ...(isHttpAlone ? {} : { tcp }),
    ...(http === undefined ? {} : { http: http.options }),
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
  onHangup(() => reload(settings, receiver, log));
  await using followers = await followersOf(settings, log);
  const { port, httpPort } = receiver;
  const { SERVER_HOST: host, HTTP_HOST: httpHost, DATA_DIR: dataDir, FSYNC: fsync } = settings;
  if (httpPort !== undefined) log.info({ httpHost, httpPort }, `HTTP on ${httpHost}:${httpPort}`);
  if (!isHttpAlone) log.info({ host, port, dataDir, fsync }, `listening on ${host}:${port}`);
  const stopDiskReport = await startDiskReport(settings, log);
  await aborted(stop);
  stopDiskReport();
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

/** What the archive and its outputs take is told from time to time; the code to look is loaded when it is time to. */
async function startDiskReport(settings: Settings, log: Logger): Promise<() => void> {
  const { reportDisk } = await import('./src/tools/disk_report.ts');
  return reportDisk(async () => {
    const { diskUsage } = await import('./src/tools/disk.ts');
    return diskUsage(outputSettings(settings), retentionOf(settings));
  }, log);
}

/** The threads of what follows the archive, if there are any. */
async function followersOf(settings: Settings, log: Logger): Promise<AsyncDisposable | undefined> {
  const outputs = outputsBeside(settings);
  if (outputs.length === 0) return undefined;
  const { startFollowers } = await import('./src/outputs/followers.ts');
  return startFollowers(outputs, outputSettings(settings), log);
}

const folderOf = (dir: string | undefined, settings: Settings): string => dir ?? settings.DATA_DIR;

await runProgram(program);
