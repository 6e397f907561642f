import { createLogger, type Logger } from '../../../base/logger.ts';
import { aborted, stopSignal } from '../../../base/shutdown.ts';
import { readServerTls } from '../../../config/access.ts';
import type { ShownOption } from '../../../config/load.ts';
import type { Settings } from '../../../config/options.ts';
import type { Receiver } from '../../../receiver/receiver.ts';
import { openHttp } from '../../../tools/http_settings.ts';
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
  tellTrouble(receiver, log);
}

function tellWhere(settings: Settings, receiver: Receiver, isTcpWanted: boolean, log: Logger): void {
  const { port, httpPort, thriftPort } = receiver;
  const { SERVER_HOST: host, HTTP_HOST: httpHost, THRIFT_HOST: thriftHost } = settings;
  const { DATA_DIR: dataDir, FSYNC: fsync } = settings;
  if (httpPort !== undefined) log.info({ httpHost, httpPort }, `HTTP on ${httpHost}:${httpPort}`);
  if (thriftPort !== undefined) log.info({ thriftHost, thriftPort }, `Thrift on ${thriftHost}:${thriftPort}`);
  if (isTcpWanted) log.info({ host, port, dataDir, fsync }, `listening on ${host}:${port}`);
}

function tellTrouble({ trouble, ledger }: Receiver, log: Logger): void {
  if (trouble === undefined) return;
  log.error(
    { refused: ledger.refused },
    `stopped while the archive could not be written (${trouble.message}): what was in hand was not taken; shippers keep theirs, what plain peers sent is lost`,
  );
  process.exitCode = 1;
}
