#!/usr/bin/env node
/** The shipper's program: `logferry`. */
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { createLogger } from './src/base/logger.ts';
import { stopSignal } from './src/base/shutdown.ts';
import { readClientTls, readToken } from './src/config/access.ts';
import { addOptions, createProgram, runProgram, settingsOf } from './src/config/command_line.ts';
import { generatorOptions } from './src/config/generator.ts';
import type { OptionName, Settings } from './src/config/options.ts';
import { PROCESSOR_OPTIONS } from './src/config/options/processors.ts';
import { THRIFT_CLIENT_OPTIONS } from './src/config/options/thrift_client.ts';
import { processorRules } from './src/config/processors.ts';
import type { ProcessorReading, ShipperReading } from './src/monitor/metrics/shipper_metrics.ts';
import type { Progress } from './src/shipper/progress.ts';
import type { ShaperOf } from './src/shipper/shaper.ts';
import type { Source } from './src/shipper/source.ts';
import type { Spool } from './src/shipper/spool/spool.ts';
import { withQueryFlags } from './src/tools/query/query_flags.ts';
import type { ReplayFlags } from './src/tools/replay.ts';

const program = createProgram(
  'logferry',
  'Ships logs to a receiver, compressed once, and waits until each is on its disk.',
);

addOptions(
  program
    .command('generate', { isDefault: true })
    .description('ship made-up entries (the default), or write them to a file or standard output: --out'),
  'client',
).action(async (_options: unknown, command: Command) => {
  const { generator } = await import('./src/shipper/sources/generator/generator.ts');
  const settings = settingsOf(command);
  const options = generatorOptions(settings);
  if (settings.GENERATE_OUT === '')
    await ship('generate', [], settings, async (_log, shaperOf) => {
      const source = generator(options);
      if (shaperOf === undefined) return source;
      const { shapedSource } = await import('./src/shipper/processors/shaped_source.ts');
      return shapedSource(source, shaperOf);
    });
  else await writeOut(generator({ ...options, isRaw: true }), settings);
});

addOptions(
  program
    .command('send <file...>')
    .description('ship files once; run again, it goes on where the receiver stands'),
  'client',
).action(async (names: string[], _options: unknown, command: Command) => {
  const { expectFiles, files } = await import('./src/shipper/sources/files.ts');
  const settings = settingsOf(command);
  const paths = names.map((name) => resolve(name));
  await expectFiles(paths);
  const { BATCH_MAX_BYTES: readBytes, MAX_LINE_BYTES: maxLineBytes } = settings;
  await ship('send', paths, settings, (log, shaperOf) =>
    files({ paths, readBytes, maxLineBytes, ...(shaperOf === undefined ? {} : { shaperOf }), log }),
  );
});

addOptions(
  program
    .command('tail <path...>')
    .description(
      "follow files as they grow, through rotation, until told to stop; paths may be patterns in quotes: '/var/log/app/*.log*'",
    ),
  'client',
).action(async (names: string[], _options: unknown, command: Command) => {
  const { tail } = await import('./src/shipper/sources/tail/tail.ts');
  const settings = settingsOf(command);
  const paths = names.map((name) => resolve(name));
  const { TAIL_FROM: from, TAIL_EXCLUDE: exclude, TAIL_MAX_OPEN: maxOpen } = settings;
  const { BATCH_MAX_BYTES: readBytes, MAX_LINE_BYTES: maxLineBytes } = settings;
  const times = {
    scanMs: settings.TAIL_SCAN_INTERVAL * 1000,
    rotatedMs: settings.TAIL_ROTATED_WAIT * 1000,
  };
  const reading = { readBytes, maxLineBytes, maxOpen, times };
  await ship('tail', paths, settings, (log, shaperOf) =>
    tail({ paths, exclude, from, ...reading, ...(shaperOf === undefined ? {} : { shaperOf }), log }),
  );
});

addOptions(program.command('pipe').description('ship the lines of standard input'), 'client').action(
  async (_options: unknown, command: Command) => {
    const { pipe } = await import('./src/shipper/sources/pipe.ts');
    const settings = settingsOf(command);
    const { MAX_LINE_BYTES: maxLineBytes } = settings;
    await ship('pipe', [], settings, (_log, shaperOf) =>
      pipe({ input: process.stdin, maxLineBytes, ...(shaperOf === undefined ? {} : { shaperOf }) }),
    );
  },
);

/** What `check` heeds. */
const CHECK_OPTIONS = [...(Object.keys(PROCESSOR_OPTIONS) as OptionName[]), 'MAX_LINE_BYTES'] as const;

addOptions(
  program
    .command('check')
    .description('show what processors do to a sample, line by line, and ship nothing')
    .requiredOption('--sample <file>', 'the sample; - is standard input'),
  'client',
  CHECK_OPTIONS,
).action(async ({ sample }: { sample: string }, command: Command) => {
  const { printCheck } = await import('./src/shipper/processors/check.ts');
  const { sourceHead } = await import('./src/shipper/processors/source_head.ts');
  const settings = settingsOf(command);
  const isPiped = sample === '-';
  const options = {
    rules: processorRules(settings),
    sampleName: isPiped ? sample : resolve(sample),
    maxLineBytes: settings.MAX_LINE_BYTES,
    headOf: sourceHead,
  };
  await printCheck(isPiped ? process.stdin : createReadStream(sample), options, process.stdout);
});

/** What `dead-letter retry` heeds: the way to the receiver, and how large a batch may be. */
const RETRY_OPTIONS: readonly OptionName[] = [
  ...(['SERVER_HOST', 'SERVER_PORT', 'BATCH_MAX_BYTES', 'HELLO_TIMEOUT', 'RECONNECT_MAX_DELAY'] as const),
  ...(['COMPRESSION_ENABLED', 'COMPRESSION_ALGORITHM', 'COMPRESSION_LEVEL', 'BYPASS_THRESHOLD'] as const),
  ...(['AUTH_TOKEN', 'AUTH_TOKEN_FILE', 'STATE_DIR', 'SHUTDOWN_TIMEOUT', 'LOG_LEVEL'] as const),
  ...(['TLS_ENABLED', 'TLS_SERVER_NAME', 'TLS_CERT', 'TLS_KEY', 'TLS_CA'] as const),
];

const noDeadLetter = (path: string, why: string): unknown =>
  process.stderr.write(`no dead letter: ${JSON.stringify(path)} (${why})\n`);

const deadLetter = program
  .command('dead-letter')
  .description('what receivers would not take, and why (kept in STATE_DIR)');

addOptions(deadLetter.command('list').description('print a table of it'), 'client', ['STATE_DIR']).action(
  async (_options: unknown, command: Command) => {
    const { deadLetterTable, readDeadLetters } = await import('./src/shipper/dead_letters/list.ts');
    const letters = await readDeadLetters(settingsOf(command).STATE_DIR, noDeadLetter);
    process.stdout.write(deadLetterTable(letters, Date.now()));
  },
);

addOptions(
  deadLetter
    .command('retry [path...]')
    .description(
      'ship it again, all or these, each exactly once; what the receiver has on disk is removed. Exits 1 where any remains',
    )
    .option('--shipper <id>', 'only what this shipper had sent')
    .option('--dry-run', 'print what would be sent, and send nothing'),
  'client',
  RETRY_OPTIONS,
).action(
  async (paths: string[], { shipper, dryRun }: { shipper?: string; dryRun?: boolean }, command: Command) => {
    const { chooseLetters, retryDeadLetters, tellLetters } =
      await import('./src/shipper/dead_letters/command.ts');
    const settings = settingsOf(command);
    const choice = { stateFolder: settings.STATE_DIR, paths, ...(shipper === undefined ? {} : { shipper }) };
    const tell = (line: string): unknown => process.stdout.write(`${line}\n`);
    const letters = await chooseLetters(choice, noDeadLetter);
    if (letters.length === 0) tell('no dead letters');
    else if (dryRun === true) process.exitCode = await tellLetters(letters, settings.BATCH_MAX_BYTES, tell);
    else {
      const log = await createLogger('logferry', settings.LOG_LEVEL, 2);
      warnOfOpenLine(settings, log);
      const options = { ...connectionOf(settings), maxBytes: settings.BATCH_MAX_BYTES, log };
      const stop = stopSignal(settings.SHUTDOWN_TIMEOUT * 1000, () => undefined);
      process.exitCode = await retryDeadLetters(choice, options, tell, stop);
    }
  },
);

/** What `thrift send` heeds. */
const THRIFT_SEND_OPTIONS: readonly OptionName[] = [
  ...(['SERVER_HOST', ...(Object.keys(THRIFT_CLIENT_OPTIONS) as OptionName[])] as const),
  ...(['MAX_LINE_BYTES', 'AUTH_TOKEN', 'AUTH_TOKEN_FILE', 'SHUTDOWN_TIMEOUT', 'LOG_LEVEL'] as const),
  ...(['TLS_ENABLED', 'TLS_SERVER_NAME', 'TLS_CERT', 'TLS_KEY', 'TLS_CA'] as const),
];

addOptions(
  program
    .command('thrift')
    .description('the LogIngestionService of any Thrift server')
    .command('send [file...]')
    .description(
      'send JSON lines of files (or standard input) in calls of sendLogs. Exits 0 only if every entry was answered',
    ),
  'client',
  THRIFT_SEND_OPTIONS,
).action(async (names: string[], _options: unknown, command: Command) => {
  const { thriftSend } = await import('./src/shipper/thrift/send_command.ts');
  const { expectFiles } = await import('./src/shipper/sources/files.ts');
  const settings = settingsOf(command);
  await expectFiles(names.filter((name) => name !== '-'));
  const log = await createLogger('logferry', settings.LOG_LEVEL, 2);
  warnOfOpenLine(settings, log);
  const tls = readClientTls(settings);
  const options = {
    connection: {
      host: settings.SERVER_HOST,
      port: settings.THRIFT_PORT,
      protocol: settings.THRIFT_PROTOCOL,
      isFramed: settings.THRIFT_TRANSPORT === 'framed',
      service: settings.THRIFT_SERVICE,
      timeoutMs: settings.THRIFT_TIMEOUT * 1000,
      ...(tls === undefined ? {} : { tls }),
    },
    token: readToken(settings),
    paths: names.length === 0 ? ['-'] : names,
    maxLineBytes: settings.MAX_LINE_BYTES,
    size: settings.THRIFT_BATCH_SIZE,
    callsAtOnce: settings.THRIFT_CALLS,
  };
  const stop = stopSignal(settings.SHUTDOWN_TIMEOUT * 1000, () =>
    log.error('SHUTDOWN_TIMEOUT passed before all answers came: what they were for may be stored or not'),
  );
  process.exitCode = await thriftSend(options, process.stdin, log, stop);
});

/** What `replay` heeds. */
const REPLAY_OPTIONS: readonly OptionName[] = [
  ...RETRY_OPTIONS,
  ...(['BATCH_SIZE', 'BATCH_INTERVAL', 'SHIPPER_ID'] as const),
];

addOptions(
  withQueryFlags(
    program
      .command('replay <dir>')
      .description(
        'ship the entries of an archive to another receiver, each exactly once; run again, it goes on where that stands',
      ),
  ),
  'client',
  REPLAY_OPTIONS,
)
  .option(
    '--speed <factor>',
    '1: as fast as they were received; 10: ten times as fast; 0: as fast as can be',
    '0',
  )
  .action(async (dir: string, flags: ReplayFlags, command: Command) => {
    const { planReplay } = await import('./src/tools/replay.ts');
    const folder = resolve(dir);
    const plan = await planReplay(folder, flags);
    // A receiver that does not acknowledge could not say what it has.
    const settings = { ...settingsOf(command), DELIVERY: 'acked' as const };
    await ship('replay', [plan.name], settings, (log) => plan.source(log));
    if (plan.isDamaged) process.exitCode = 1;
  });

/** `generate --out`: no receiver is asked for. */
async function writeOut(source: Source, settings: Settings): Promise<void> {
  const { GENERATE_OUT: out, GENERATE_FORMAT: format } = settings;
  const { appendToFile, writeToStream } = await import('./src/shipper/sources/generator/write_lines.ts');
  const log = await createLogger('logferry', settings.LOG_LEVEL, 2);
  const signal = stopSignal(settings.SHUTDOWN_TIMEOUT * 1000, () =>
    log.error('SHUTDOWN_TIMEOUT passed before everything was written'),
  );
  const lines = { source, format, signal };
  const written = await (out === '-' ? writeToStream(lines, process.stdout) : appendToFile(lines, out));
  if (written !== undefined)
    log.info(`done: ${written} entries written to ${out === '-' ? 'standard output' : out}`);
}

type ShippingCommand = 'generate' | 'send' | 'tail' | 'pipe' | 'replay';

/** Commands whose source can be read again: they need no spool. */
const REREADABLE: readonly string[] = ['send', 'tail', 'replay'];

type Log = Awaited<ReturnType<typeof createLogger>>;

async function ship(
  command: ShippingCommand,
  paths: string[],
  settings: Settings,
  sourceOf: (log: Log, shaperOf?: ShaperOf) => Source | Promise<Source>,
): Promise<void> {
  const { Shipper } = await import('./src/shipper/shipper.ts');
  const connection = connectionOf(settings);
  const { figures, showProgress } = await import('./src/shipper/progress.ts');
  let progress: Progress | undefined = undefined as Progress | undefined;
  const log = await createLogger('logferry', settings.LOG_LEVEL, 2, () => progress?.clear());
  const processors = await processorsFor(settings);
  const spool = await spoolFor(command, settings, log);
  warnOfOpenLine(settings, log);
  const shipperId = await shipperIdFor(command, paths, settings);
  let levels = await levelsFor(settings, log);
  const makeShipper = async () =>
    new Shipper({
      source: await sourceOf(log, processors?.shaperOf),
      batcher: {
        size: settings.BATCH_SIZE,
        intervalMs: settings.BATCH_INTERVAL * 1000,
        maxBytes: settings.BATCH_MAX_BYTES,
      },
      ...(levels === undefined ? {} : { levels }),
      ...(spool === undefined ? {} : { spool }),
      ...connection,
      dial: { ...connection.dial, delivery: settings.DELIVERY, shipperId },
      stateFolder: settings.STATE_DIR,
      log,
    });
  let shipper = await makeShipper();
  progress = showProgress(shipper, log, process.stderr, processors?.counts);
  await using watched = new AsyncDisposableStack();
  const monitor = await monitorOf(
    settings,
    () => ({
      ...{ counts: shipper.counts, level: shipper.level, isConnected: shipper.isConnected },
      spoolBytes: spool?.bytes,
    }),
    processors?.counts,
    log,
  );
  watched.use(monitor);
  const startedAt = performance.now();
  const summary = (): object => ({
    ...figures(shipper, processors?.counts),
    levelChanges: levels?.changes ?? 0,
    shipperId,
    seconds: Math.round(performance.now() - startedAt) / 1000,
  });
  const stop = stopSignal(settings.SHUTDOWN_TIMEOUT * 1000, () => {
    progress?.stop();
    log.error(summary(), 'SHUTDOWN_TIMEOUT passed before everything was acknowledged');
  });
  /** Files that are followed are shipped again from where a receiver stands that lost what it had. */
  const run = async (): Promise<void> => {
    try {
      await shipper.run(stop);
    } catch (error) {
      if (command !== 'tail' || stop.aborted || (error as { code?: string }).code !== 'receiver_went_back')
        throw error;
      progress?.stop();
      log.warn(summary(), `${(error as Error).message.split('. ')[0]}. Going on from where it stands`);
      levels = await levelsFor(settings, log);
      shipper = await makeShipper();
      progress = showProgress(shipper, log, process.stderr, processors?.counts);
      await run();
    }
  };
  try {
    await run();
    progress.stop();
    log.info(
      summary(),
      `done: ${shipper.counts.acknowledged} entries ${shipper.mode === 'acked' ? 'acknowledged' : 'written to a receiver that does not acknowledge'}`,
    );
    process.exitCode = shipper.counts.rejected > 0 ? 1 : 0;
  } catch (error) {
    progress.stop();
    log.error(summary(), (error as Error).message);
    process.exitCode = 1;
  }
}

/** Where it is looked at, if anywhere. */
async function monitorOf(
  settings: Settings,
  shipper: () => ShipperReading,
  processed: ProcessorReading | undefined,
  log: Log,
): Promise<AsyncDisposable | undefined> {
  if (settings.METRICS_PORT === undefined) return undefined;
  const { openShipperMonitor } = await import('./src/tools/monitor/shipper_monitor.ts');
  return openShipperMonitor(settings, { shipper, processed }, log);
}

/** What is done to entries before they are shipped; undefined where nothing is: then no line is looked into. Throws ConfigError. */
async function processorsFor(settings: Settings) {
  const { asksForAnything } = await import('./src/shipper/processors/rules.ts');
  const rules = processorRules(settings);
  if (!asksForAnything(rules)) return undefined;
  const { pipelineOf } = await import('./src/shipper/processors/pipeline.ts');
  const { sourceHead } = await import('./src/shipper/processors/source_head.ts');
  return pipelineOf({ rules, headOf: sourceHead });
}

/** The way to the receiver. Throws ConfigError. */
function connectionOf(settings: Settings) {
  const tls = readClientTls(settings);
  const token = readToken(settings);
  return {
    compression: {
      algorithm: settings.COMPRESSION_ENABLED ? settings.COMPRESSION_ALGORITHM : ('none' as const),
      level: settings.COMPRESSION_LEVEL,
      bypassBelow: settings.BYPASS_THRESHOLD,
    },
    dial: {
      host: settings.SERVER_HOST,
      port: settings.SERVER_PORT,
      helloTimeoutMs: settings.HELLO_TIMEOUT * 1000,
      ...(tls === undefined ? {} : { tls }),
      ...(token === undefined ? {} : { token }),
    },
    reconnect: { firstMs: 100, maxMs: settings.RECONNECT_MAX_DELAY * 1000 },
    closeTimeoutMs: settings.SHUTDOWN_TIMEOUT * 1000,
  };
}

function warnOfOpenLine(settings: Settings, log: Log): void {
  if (!settings.TLS_ENABLED && settings.TLS_CA !== '')
    log.warn('TLS_CA is set, and TLS_ENABLED is not: what is shipped can be read on the way');
}

async function shipperIdFor(command: ShippingCommand, paths: string[], settings: Settings): Promise<string> {
  const { shipperIdOf } = await import('./src/shipper/shipper_id.ts');
  const nonce = randomBytes(4).toString('hex');
  const template = settings.SHIPPER_ID;
  const make = (): string =>
    shipperIdOf({ template, hostname: hostname(), pid: process.pid, command, paths, nonce });
  if (settings.SPOOL_DIR === '' || REREADABLE.includes(command)) return make();
  const { spoolShipperId } = await import('./src/shipper/spool/spool_id.ts');
  return spoolShipperId(settings.SPOOL_DIR, template === '' ? undefined : make(), make);
}

async function spoolFor(command: string, settings: Settings, log: Log): Promise<Spool | undefined> {
  if (settings.SPOOL_DIR === '' || REREADABLE.includes(command)) return undefined;
  const { Spool } = await import('./src/shipper/spool/spool.ts');
  const { SPOOL_DIR: folder, SPOOL_MAX_BYTES: maxBytes, SPOOL_FULL: full, SPOOL_FSYNC: fsync } = settings;
  return Spool.open({ folder, maxBytes, full, fsync, log, now: Date.now });
}

async function levelsFor(settings: Settings, log: Log) {
  if (!settings.ADAPTIVE_ENABLED || !settings.COMPRESSION_ENABLED) return undefined;
  const { LevelController } = await import('./src/shipper/level_controller.ts');
  return new LevelController({
    bounds: { min: settings.ADAPTIVE_MIN_LEVEL, max: settings.ADAPTIVE_MAX_LEVEL },
    start: settings.COMPRESSION_LEVEL,
    checkIntervalMs: settings.ADAPTIVE_CHECK_INTERVAL * 1000,
    log,
  });
}

await runProgram(program);
