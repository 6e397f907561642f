import type { Logger } from '../../../base/logger.ts';
import type { TlsMaterial } from '../../../base/tls_material.ts';
import { readTokens } from '../../../config/access.ts';
import { oneHostOf } from '../../../config/addresses.ts';
import type { Settings } from '../../../config/options.ts';
import type { HttpOptions } from '../../../receiver/listeners/http/http_service.ts';
import type { ThriftOptions } from '../../../receiver/listeners/thrift/thrift_service.ts';
import type { ReceiverOptions } from '../../../receiver/receiver.ts';
import { thriftOptions } from '../../../tools/thrift_settings.ts';
import { archiveOf } from '../archive_options.ts';
import { sharedLogOf } from './shared_log.ts';

/** What listens, and with what. */
export interface Listeners {
  readonly isTcpWanted: boolean;
  readonly tls: TlsMaterial | undefined;
  readonly http: HttpOptions | undefined;
  /** Beside Thrift's own, where it is taken. */
  readonly services: NonNullable<ThriftOptions['services']>;
}

/** The settings as the receiver takes them. Throws ConfigError where the tokens' file is no use, where SERVER_HOST is a list, and as `sharedLogOf`. */
export function receiverOptions(settings: Settings, listeners: Listeners, log: Logger): ReceiverOptions {
  return {
    ...listenersOf(settings, listeners),
    access: {
      tokens: readTokens(settings),
      areIdsBound: settings.AUTH_BIND_IDS,
    },
    limits: limitsOf(settings),
    archive: archiveOf(settings),
    ...sharedLogOf(settings),
    archiveLevel: settings.ARCHIVE_LEVEL,
    log,
  };
}

function listenersOf(settings: Settings, { isTcpWanted, tls, http, services }: Listeners) {
  return {
    ...(isTcpWanted ? { tcp: tcpOptions(settings, tls) } : {}),
    ...(http === undefined ? {} : { http }),
    ...(settings.THRIFT_ENABLED ? { thrift: { ...thriftOptions(settings, tls), services } } : {}),
  };
}

const tcpOptions = (settings: Settings, tls: TlsMaterial | undefined) => ({
  host: oneHostOf(settings, 'a receiver', 'SERVER_PORT'),
  port: settings.SERVER_PORT,
  maxConnections: settings.MAX_CONNECTIONS,
  maxConnectionsPerAddress: settings.MAX_CONNECTIONS_PER_ADDRESS,
  ...(tls === undefined ? {} : { tls }),
});

const limitsOf = (settings: Settings): ReceiverOptions['limits'] => ({
  maxFrameBytes: settings.MAX_FRAME_BYTES,
  maxBatchBytes: settings.MAX_BATCH_BYTES,
  windowBytes: settings.WINDOW_BYTES,
  idleTimeoutMs: settings.IDLE_TIMEOUT * 1000,
  frameTimeoutMs: settings.FRAME_TIMEOUT * 1000,
  maxEntryBytes: settings.MAX_ENTRY_BYTES,
  maxDepth: settings.MAX_DEPTH,
});
