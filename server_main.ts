#!/usr/bin/env node
/** The receiver's program: `logferryd`. */
import type { Command } from 'commander';
import { readServerTls, readTokens } from './src/config/access.ts';
import {
  addOptions,
  createProgram,
  runProgram,
  settingsOf,
  shownOptionsOf,
} from './src/config/command_line.ts';
import type { ShownOption } from './src/config/load.ts';
import type { TlsMaterial } from './src/base/tls_material.ts';
import { createLogger, type Logger } from './src/base/logger.ts';
import { needPackage } from './src/base/optional_package.ts';
import { aborted, stopSignal } from './src/base/shutdown.ts';
import { optionsFor, type OptionName, type Settings } from './src/config/options.ts';
import type { Receiver } from './src/receiver/receiver.ts';
import { addEventCommands } from './src/tools/events/commands.ts';
import { isArchiveUsed, openHttp, outputsBeside } from './src/tools/http_settings.ts';
import { OUTPUT_OPTION_NAMES, isStoreShared, outputSettings } from './src/tools/output_settings.ts';
import type { QueryCommandFlags } from './src/tools/query/query.ts';
import { withQueryFlags } from './src/tools/query/query_flags.ts';
import { hangups, reload } from './src/tools/reload.ts';
import { thriftOptions } from './src/tools/thrift_settings.ts';
import { TOP_OPTION_NAMES, liveSourceOf } from './src/tools/top/top_settings.ts';

const program = createProgram(
  'logferryd',
  'Receives logs, keeps each exactly once in an archive of ordinary .jsonl.gz files.',
);

addOptions(
  program.command('serve', { isDefault: true }).description('receive and archive (the default)'),
  'server',
).action(async (_options: unknown, command: Command) => {
  await serve(settingsOf(command), { shownOptions: () => shownOptionsOf(command) });
});

/** In their file the server is that of HTTP. */
const HTTP_KEYS = { 'server.host': 'HTTP_HOST', 'server.port': 'HTTP_PORT' } as const;

addOptions(
  program.command('http').description('take events of users by HTTP, and nothing else'),
  'server',
  optionsFor('server').filter((name) => !['SERVER_HOST', 'SERVER_PORT', 'HTTP_ENABLED'].includes(name)),
).action(async (_options: unknown, command: Command) => {
  const settings = { ...settingsOf(command, HTTP_KEYS), HTTP_ENABLED: true };
  const shownOptions = (): ShownOption[] => shownOptionsOf(command, HTTP_KEYS);
  if (isArchiveUsed(settings)) return serve(settings, { isTcpWanted: false, shownOptions });
  needPackage('redis', 'HTTP_BUFFER=redis');
  const { serveFromRedis } = await import('./src/tools/serve_from_redis.ts');
  await serveFromRedis(settings, shownOptions);
});

addOptions(
  program.command('thrift').description('take log entries by Thrift, and nothing else'),
  'server',
  optionsFor('server').filter((name) => !['SERVER_HOST', 'SERVER_PORT', 'THRIFT_ENABLED'].includes(name)),
).action(async (_options: unknown, command: Command) => {
  const settings = { ...settingsOf(command), THRIFT_ENABLED: true, HTTP_ENABLED: false };
  await serve(settings, { isTcpWanted: false, shownOptions: () => shownOptionsOf(command) });
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

addOptions(
  withQueryFlags(
    program
      .command('query [dir]')
      .description('find entries by time, level, service, tag, field or text, also while they are written'),
  ),
  'server',
  INSPECT,
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
  .action(async (dir: string | undefined, flags: QueryCommandFlags, command: Command) => {
    const { query } = await import('./src/tools/query/query.ts');
    const stop = stopSignal(1000, () => undefined);
    const streams = { output: process.stdout, errors: process.stderr };
    process.exitCode = await query(folderOf(dir, settingsOf(command)), flags, streams, stop);
  });

const METRICS: readonly OptionName[] = ['METRICS_HOST', 'METRICS_PORT', 'METRICS_TOKEN'];

const DRAIN: readonly OptionName[] = [
  'REDIS_URL',
  'REDIS_KEY_EXPIRATION',
  'OUTPUT_DIR',
  'USER_FILES_DIR',
  'DRAIN_INTERVAL',
  'DRAIN_PATTERN',
  'LOG_LEVEL',
  'SHUTDOWN_TIMEOUT',
  ...METRICS,
];

addOptions(
  program.command('drain').description('move what waits in Redis to the files of users'),
  'server',
  DRAIN,
)
  .option('--once', 'end when all is moved that waits now')
  .action(async ({ once }: { once?: true }, command: Command) => {
    const settings = settingsOf(command);
    needPackage('redis', 'drain');
    const { drain } = await import('./src/tools/drain.ts');
    const log = await createLogger('logferryd', settings.LOG_LEVEL, 1);
    const stop = stopSignal(settings.SHUTDOWN_TIMEOUT * 1000, () =>
      log.error('SHUTDOWN_TIMEOUT passed in the middle of a chunk: the next run finishes it'),
    );
    await drain(settings, { isOnce: once === true }, stop, log);
  });

const OUTPUTS: readonly OptionName[] = [...OUTPUT_OPTION_NAMES, ...METRICS, 'LOG_LEVEL', 'SHUTDOWN_TIMEOUT'];

addOptions(
  program.command('follow').description('write what the archive holds, and what comes, to an output'),
  'server',
  OUTPUTS,
)
  .option('--output <name>', 'which: csv, sqlite, text, jsonl, stats, users or events')
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

const schema = program
  .command('schema')
  .description("Thrift's IDL: what changes from one file to the next, and whom that hurts");

interface SchemaFlags {
  readonly include: string[];
  readonly json?: true;
}

const schemaOptions = ({ include, json }: SchemaFlags) => ({
  include,
  isJson: json === true,
  columns: process.stdout.columns ?? (Number(process.env.COLUMNS) || 120),
});

const withSchemaFlags = (command: Command): Command =>
  command
    .option(
      '--include <folder>',
      "a folder to find includes in, beside the file's own; may be given several times",
      (folder: string, before: string[]) => [...before, folder],
      [],
    )
    .option('--json', 'as JSON');

withSchemaFlags(schema.command('check <old> <new>'))
  .description(
    'print each change, whether it is safe, and why. Exits 1 where any is unsafe, 2 where a file is wrong',
  )
  .action(async (oldPath: string, newPath: string, flags: SchemaFlags) => {
    const { checkSchemas } = await import('./src/tools/schema/command.ts');
    process.exitCode = await checkSchemas(oldPath, newPath, schemaOptions(flags), process);
  });

withSchemaFlags(schema.command('show <file>'))
  .description('print what a file has on the wire: ids, types without typedefs, methods')
  .action(async (path: string, flags: SchemaFlags) => {
    const { showSchema } = await import('./src/tools/schema/command.ts');
    process.exitCode = await showSchema(path, schemaOptions(flags), process);
  });

addEventCommands(program);

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
    const { top } = await import('./src/tools/top/top.ts');
    const source = liveSourceOf(settingsOf(command), url);
    const hasColour = process.env.NO_COLOR === undefined || process.env.NO_COLOR === '';
    const stop = stopSignal(1000, () => undefined);
    await top({ ...source, isOnce: once === true, hasColour }, process.stdout, process.stdin, stop);
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
  const { openFollowerMonitor } = await import('./src/tools/monitor/follower_monitor.ts');
  await using watched = new AsyncDisposableStack();
  if (once !== true)
    watched.use(await openFollowerMonitor(settings, { folder: settings.DATA_DIR, name }, log));
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

interface ServeWishes {
  /** False where shippers are not taken: HTTP or Thrift is alone. */
  readonly isTcpWanted?: boolean;
  readonly shownOptions: () => readonly ShownOption[];
}

async function serve(settings: Settings, { isTcpWanted = true, shownOptions }: ServeWishes): Promise<void> {
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
  await using events = await eventsOf(settings, tls, log);
  await using receiver = await startReceiver({
    ...(isTcpWanted ? { tcp } : {}),
    ...(http === undefined ? {} : { http: http.options }),
    ...(settings.THRIFT_ENABLED
      ? { thrift: { ...thriftOptions(settings, tls), services: events?.services ?? [] } }
      : {}),
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
  onHangup(() => {
    for (const one of [receiver, events?.receiver]) if (one !== undefined) reload(settings, one, log);
  });
  await using followers = await followersOf(settings, log);
  await using watched = new AsyncDisposableStack();
  watched.use(await monitorOf(settings, { receiver, shownOptions }, log));
  const { port, httpPort, thriftPort } = receiver;
  const { SERVER_HOST: host, HTTP_HOST: httpHost, DATA_DIR: dataDir, FSYNC: fsync } = settings;
  if (httpPort !== undefined) log.info({ httpHost, httpPort }, `HTTP on ${httpHost}:${httpPort}`);
  if (thriftPort !== undefined)
    log.info(
      { thriftHost: settings.THRIFT_HOST, thriftPort },
      `Thrift on ${settings.THRIFT_HOST}:${thriftPort}`,
    );
  if (isTcpWanted) log.info({ host, port, dataDir, fsync }, `listening on ${host}:${port}`);
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

/** Where it is looked at, if anywhere. */
async function monitorOf(
  settings: Settings,
  watched: { readonly receiver: Receiver; readonly shownOptions: () => readonly ShownOption[] },
  log: Logger,
): Promise<AsyncDisposable | undefined> {
  if (settings.METRICS_PORT === undefined && !settings.DASHBOARD_ENABLED) return undefined;
  const { openReceiverMonitor } = await import('./src/tools/monitor/receiver_monitor.ts');
  return openReceiverMonitor(settings, { ...watched, hasArchive: true }, log);
}

/** The event store and its service, if they are wanted. */
async function eventsOf(settings: Settings, tls: TlsMaterial | undefined, log: Logger) {
  if (!settings.EVENTS_ENABLED) return undefined;
  needPackage('thrift', 'EVENTS_ENABLED');
  const { openEventsBeside } = await import('./src/tools/events/serve_events.ts');
  return openEventsBeside(settings, tls, log);
}

/** The threads of what follows the archive, if there are any. */
async function followersOf(settings: Settings, log: Logger): Promise<AsyncDisposable | undefined> {
  const outputs = outputsBeside(settings).filter((name) => name !== 'events' || !isStoreShared(settings));
  if (outputs.length === 0) return undefined;
  const { startFollowers } = await import('./src/outputs/followers.ts');
  return startFollowers(outputs, outputSettings(settings), log);
}

const folderOf = (dir: string | undefined, settings: Settings): string => dir ?? settings.DATA_DIR;

await runProgram(program);
