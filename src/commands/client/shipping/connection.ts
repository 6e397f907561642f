import type { Logger } from '../../../base/logger.ts';
import { readClientTls, readToken } from '../../../config/access.ts';
import { receiversOf } from '../../../config/addresses.ts';
import type { Settings } from '../../../config/options.ts';

/** The way to the receivers. Throws ConfigError. */
export function connectionOf(settings: Settings) {
  const tls = readClientTls(settings);
  const token = readToken(settings);
  return {
    compression: {
      algorithm: settings.COMPRESSION_ENABLED ? settings.COMPRESSION_ALGORITHM : ('none' as const),
      level: settings.COMPRESSION_LEVEL,
      bypassBelow: settings.BYPASS_THRESHOLD,
    },
    dial: {
      addresses: receiversOf(settings),
      helloTimeoutMs: settings.HELLO_TIMEOUT * 1000,
      ...(tls === undefined ? {} : { tls }),
      ...(token === undefined ? {} : { token }),
    },
    reconnect: { firstMs: 100, maxMs: settings.RECONNECT_MAX_DELAY * 1000 },
    closeTimeoutMs: settings.SHUTDOWN_TIMEOUT * 1000,
  };
}

/** Says so where a CA is named for TLS that is not spoken. */
export function warnOfOpenLine(settings: Settings, log: Logger): void {
  if (!settings.TLS_ENABLED && settings.TLS_CA !== '')
    log.warn('TLS_CA is set, and TLS_ENABLED is not: what is shipped can be read on the way');
}
