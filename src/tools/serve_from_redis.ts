import { createLogger } from '../base/logger.ts';
import { aborted, stopSignal } from '../base/shutdown.ts';
import { readServerTls, readTokens } from '../config/access.ts';
import type { ShownOption } from '../config/load.ts';
import type { Settings } from '../config/options.ts';
import { startHttpReceiver } from '../receiver/http_receiver.ts';
import { openHttp } from './http_settings.ts';
import { openReceiverMonitor } from './monitor/receiver_monitor.ts';
import { hangups, reload } from './reload.ts';

/** Takes events by HTTP into Redis, which needs no archive, until it is told to stop. */
export async function serveFromRedis(
  settings: Settings,
  shownOptions: () => readonly ShownOption[],
): Promise<void> {
  const onHangup = hangups(settings);
  const log = await createLogger('logferryd', settings.LOG_LEVEL, 1);
  const stop = stopSignal(settings.SHUTDOWN_TIMEOUT * 1000, () =>
    log.error('SHUTDOWN_TIMEOUT passed before everything that was asked was answered'),
  );
  await using http = await openHttp(settings, readServerTls(settings), log);
  const access = { tokens: readTokens(settings) };
  await using receiver = await startHttpReceiver({ http: http.options, access, log });
  onHangup(() => reload(settings, receiver, log));
  await using watched = new AsyncDisposableStack();
  watched.use(await openReceiverMonitor(settings, { receiver, hasArchive: false, shownOptions }, log));
  const { httpPort = 0 } = receiver;
  log.info({ httpHost: settings.HTTP_HOST, httpPort }, `HTTP on ${settings.HTTP_HOST}:${httpPort}`);
  await aborted(stop);
  log.info('stopping: answering what was asked');
}
