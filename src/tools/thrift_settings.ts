/** What the options say of Thrift. */
import type { TlsMaterial } from '../base/tls_material.ts';
import type { Settings } from '../config/options.ts';
import type { ThriftOptions } from '../receiver/listeners/thrift/thrift_service.ts';

export const thriftOptions = (settings: Settings, tls: TlsMaterial | undefined): ThriftOptions => ({
  listener: {
    host: settings.THRIFT_HOST,
    port: settings.THRIFT_PORT,
    maxConnections: settings.MAX_CONNECTIONS,
    maxConnectionsPerAddress: settings.MAX_CONNECTIONS_PER_ADDRESS,
    ...(tls === undefined ? {} : { tls }),
  },
  limits: {
    maxMessageBytes: settings.THRIFT_MAX_MESSAGE_BYTES,
    maxStringBytes: settings.THRIFT_MAX_STRING_BYTES,
    maxElements: settings.THRIFT_MAX_ELEMENTS,
    maxDepth: settings.THRIFT_MAX_DEPTH,
    idleTimeoutMs: settings.THRIFT_IDLE_TIMEOUT * 1000,
  },
});
