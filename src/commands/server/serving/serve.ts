import { createLogger, type Logger } from '../../../base/logger.ts';
import { aborted, stopSignal } from '../../../base/shutdown.ts';
import { readServerTls } from '../../../config/access.ts';
import type { ShownOption } from '../../../config/load.ts';
import type { Settings } from '../../../config/options.ts';
import type { Receiver } from '../../../receiver/receiver.ts';
import { openHttp } from '../../../tools/http_settings.ts';
import { expectNotMoved } from '../../../tools/move/moved_mark.ts';
import { hangups, reload } from '../../../tools/reload.ts';
import { eventsOf, followersOf, monitorOf, startDiskReport } from './beside.ts';
import { receiverOptions } from './receiver_options.ts';

/** What a command wants beside its settings. */
export interface ServeWishes {
  /** False where shippers are not taken: HTTP or Thrift is alone. */
  readonly isTcpWanted?: boolean;
  readonly shownOptions: () => readonly ShownOption[];
}

/** Receives and archives until told to stop; what is in hand is settled first. Sets the exit code where it could not be. */
export async function serve(
  settings: Settings,
  { isTcpWanted = true, shownOptions }: ServeWishes,
): Promise<void> {
  const onHangup = hangups(settings);
  const { startReceiver } = await import('../../../receiver/receiver.ts');
  const log = await createLogger('logferryd', settings.LOG_LEVEL, 1);
  const stop = stopSignal(settings.SHUTDOWN_TIMEOUT * 1000, () =>
    log.error('SHUTDOWN_TIMEOUT passed before everything in hand was on disk'),
  );
  if (settings.COMMIT_LOG === 'archive') await expectNotMoved(settings.DATA_DIR);
  const tls = readServerTls(settings);
  await using http = settings.HTTP_ENABLED ? await openHttp(settings, tls, log) : undefined;
  await using events = await eventsOf(settings, tls, log);
  const listeners = {
    isTcpWanted,
    tls,
    http: http?.options,
    services: events?.services ?? [],
  };
  await using receiver = await startReceiver(receiverOptions(settings, listeners, log));
  onHangup(() => {
    for (const one of [receiver, events?.receiver]) if (one !== undefined) reload(settings, one, log);
  });
  await using followers = await followersOf(settings, log);
  await using watched = new AsyncDisposableStack();
  watched.use(await monitorOf(settings, { receiver, shownOptions }, log));
  tellWhere(settings, receiver, isTcpWanted, log);
  const stopDiskReport = await startDiskReport(settings, log);
  await aborted(stop);
  stopDiskReport();
  log.info('stopping: settling what is in hand');
  await receiver[Symbol.asyncDispose]();
  await followers?.[Symbol.asyncDispose]();
  tellTrouble(receiver, settings, log);
}

function tellWhere(settings: Settings, receiver: Receiver, isTcpWanted: boolean, log: Logger): void {
  const { port, httpPort, thriftPort } = receiver;
  const { SERVER_HOST: host, HTTP_HOST: httpHost, THRIFT_HOST: thriftHost } = settings;
  const kept = whereKept(settings);
  if (httpPort !== undefined) log.info({ httpHost, httpPort }, `HTTP on ${httpHost}:${httpPort}`);
  if (thriftPort !== undefined) log.info({ thriftHost, thriftPort }, `Thrift on ${thriftHost}:${thriftPort}`);
  if (isTcpWanted) log.info({ host, port, ...kept }, `listening on ${host}:${port}`);
}

/** Where what comes is kept, for people. */
function whereKept(settings: Settings): object {
  const { COMMIT_LOG, DATA_DIR: dataDir, FSYNC: fsync, NATS_URL: nats } = settings;
  if (COMMIT_LOG === 'archive') return { dataDir, fsync };
  const { NATS_STREAM: stream, NATS_PARTITIONS: partitions, NATS_REPLICAS: replicas } = settings;
  return { nats, stream, partitions, replicas };
}

function tellTrouble({ trouble, ledger }: Receiver, { COMMIT_LOG }: Settings, log: Logger): void {
  if (trouble === undefined) return;
  log.error(
    { refused: ledger.refused },
    `stopped while the ${COMMIT_LOG === 'archive' ? 'archive' : 'stream'} could not be written (${trouble.message}): what was in hand was not taken; shippers keep theirs, what plain peers sent is lost`,
  );
  process.exitCode = 1;
}
