import type { OptionName } from '../../config/options.ts';

/** The way to the receiver, and how large a batch may be: what a command heeds that ships again what was stored before. */
export const RETRY_OPTIONS: readonly OptionName[] = [
  ...(['SERVER_HOST', 'SERVER_PORT', 'BATCH_MAX_BYTES', 'HELLO_TIMEOUT', 'RECONNECT_MAX_DELAY'] as const),
  ...(['COMPRESSION_ENABLED', 'COMPRESSION_ALGORITHM', 'COMPRESSION_LEVEL', 'BYPASS_THRESHOLD'] as const),
  ...(['AUTH_TOKEN', 'AUTH_TOKEN_FILE', 'STATE_DIR', 'SHUTDOWN_TIMEOUT', 'LOG_LEVEL'] as const),
  ...(['TLS_ENABLED', 'TLS_SERVER_NAME', 'TLS_CERT', 'TLS_KEY', 'TLS_CA'] as const),
];
