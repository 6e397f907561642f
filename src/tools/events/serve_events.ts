/** The event store behind EventService: alone (`events serve`), on a port of its own beside a receiver, or on that of its Thrift. */
import { createLogger, type Logger } from '../../base/logger.ts';
import { aborted, stopSignal } from '../../base/shutdown.ts';
import type { TlsMaterial } from '../../base/tls_material.ts';
import { readServerTls, readTokens } from '../../config/access.ts';
import type { Settings } from '../../config/options.ts';
import { openEventStore, type EventStore } from '../../events/event_store.ts';
import { eventService } from '../../events/service/event_service.ts';
import { placeOf } from '../../outputs/events_store.ts';
import { startServices, type ServiceReceiver } from '../../receiver/service_receiver.ts';
import type { ThriftService } from '../../thrift/service.ts';
import { isStoreShared, storeSettings } from '../output_settings.ts';
import { followHere } from './follow_here.ts';
import { hangups, reload } from '../reload.ts';
import { thriftOptions } from '../thrift_settings.ts';

/** Serves nothing but the event store until it is told to stop. */
export async function serveEvents(settings: Settings): Promise<void> {
  const onHangup = hangups(settings);
  const log = await createLogger('logferryd', settings.LOG_LEVEL, 1);
  const stop = stopSignal(settings.SHUTDOWN_TIMEOUT * 1000, () =>
    log.error('SHUTDOWN_TIMEOUT passed before everything that was asked was answered'),
  );
  await using store = await openStore(settings, log);
  await using receiver = await listen(settings, eventService(store), readServerTls(settings), log);
  onHangup(() => reload(settings, receiver, log));
  await aborted(stop);
  log.info('stopping: answering what was asked');
}

/** An event store beside a receiver. Disposing of it answers what was asked, and closes the store. */
export interface EventsBeside extends AsyncDisposable {
  /** What the receiver's own Thrift port is to have. */
  readonly services: readonly ThriftService[];
  /** Where it listens by itself. */
  readonly receiver: ServiceReceiver | undefined;
}

/** Opens the store, follows the archive into it where the output `events` can't by itself, and listens where EVENTS_PORT is not the port of the receiver's Thrift. */
export async function openEventsBeside(
  settings: Settings,
  tls: TlsMaterial | undefined,
  log: Logger,
): Promise<EventsBeside> {
  await using opened = new AsyncDisposableStack();
  const store = opened.use(await openStore(settings, log));
  const service = eventService(store);
  if (isStoreShared(settings)) opened.use(followHere(settings, store, log));
  const isAside = !isOnThriftPort(settings);
  const receiver = opened.use(isAside ? await listen(settings, service, tls, log) : undefined);
  const held = opened.move();
  return {
    services: isAside ? [] : [service],
    receiver,
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** Whether one port has both services. */
const isOnThriftPort = (settings: Settings): boolean =>
  settings.THRIFT_ENABLED &&
  settings.EVENTS_PORT === settings.THRIFT_PORT &&
  settings.EVENTS_HOST === settings.THRIFT_HOST;

async function openStore(settings: Settings, log: Logger): Promise<EventStore> {
  const { eventsFolder: folder, ...options } = storeSettings(settings);
  const store = await openEventStore({
    ...options,
    folder,
    troubled: (error) => log.error({ err: error }, `the event store can't be written: ${error.message}`),
    recovered: () => log.info('the event store is written again'),
    snapshotFailed: (error) => log.warn({ err: error }, `a snapshot was not kept: ${error.message}`),
  });
  log.info(`event store in ${placeOf({ ...options, eventsFolder: folder })}`);
  return store;
}

async function listen(
  settings: Settings,
  service: ThriftService,
  tls: TlsMaterial | undefined,
  log: Logger,
): Promise<ServiceReceiver> {
  const { EVENTS_HOST: host, EVENTS_PORT: port } = settings;
  const { listener, limits } = thriftOptions(settings, tls);
  const receiver = await startServices({
    services: [service],
    thrift: { listener: { ...listener, host, port }, limits },
    frameTimeoutMs: settings.FRAME_TIMEOUT * 1000,
    access: { tokens: readTokens(settings) },
    log,
  });
  const eventsPort = receiver.port;
  log.info({ eventsHost: host, eventsPort }, `EventService on ${host}:${eventsPort}`);
  return receiver;
}
