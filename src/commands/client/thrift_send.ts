import type { Command } from 'commander';
import { stopSignal } from '../../base/shutdown.ts';
import { addOptions, settingsOf } from '../../config/command_line.ts';
import type { OptionName, Settings } from '../../config/options.ts';
import { THRIFT_CLIENT_OPTIONS } from '../../config/options/thrift_client.ts';

/** What `thrift send` heeds. */
const THRIFT_SEND_OPTIONS: readonly OptionName[] = [
  ...(['SERVER_HOST', ...(Object.keys(THRIFT_CLIENT_OPTIONS) as OptionName[])] as const),
  ...(['MAX_LINE_BYTES', 'AUTH_TOKEN', 'AUTH_TOKEN_FILE', 'SHUTDOWN_TIMEOUT', 'LOG_LEVEL'] as const),
  ...(['TLS_ENABLED', 'TLS_SERVER_NAME', 'TLS_CERT', 'TLS_KEY', 'TLS_CA'] as const),
];

/** Adds `thrift send`. */
export function addThriftSend(program: Command): void {
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
  ).action(send);
}

async function send(names: string[], _options: unknown, command: Command): Promise<void> {
  const { thriftSend } = await import('../../shipper/thrift/send_command.ts');
  const { expectFiles } = await import('../../shipper/sources/files.ts');
  const { warnOfOpenLine } = await import('./shipping/connection.ts');
  const { createLogger } = await import('../../base/logger.ts');
  const settings = settingsOf(command);
  await expectFiles(names.filter((name) => name !== '-'));
  const log = await createLogger('logferry', settings.LOG_LEVEL, 2);
  warnOfOpenLine(settings, log);
  const options = await sendOptions(names, settings);
  const stop = stopSignal(settings.SHUTDOWN_TIMEOUT * 1000, () =>
    log.error('SHUTDOWN_TIMEOUT passed before all answers came: what they were for may be stored or not'),
  );
  process.exitCode = await thriftSend(options, process.stdin, log, stop);
}

async function sendOptions(names: string[], settings: Settings) {
  const { readClientTls, readToken } = await import('../../config/access.ts');
  const { oneHostOf } = await import('../../config/addresses.ts');
  const tls = readClientTls(settings);
  return {
    connection: {
      host: oneHostOf(settings, 'thrift send', 'THRIFT_PORT'),
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
}
