/** What the options say of NATS. */
import { hostname } from 'node:os';
import { needPackage } from '../base/optional_package.ts';
import type { OptionName, Settings } from '../config/options.ts';
import type { NatsOptions } from '../jetstream/connection.ts';
import type { StreamSettings } from '../jetstream/streams.ts';

/** What a command heeds that uses the streams. */
export const NATS_OPTION_NAMES: readonly OptionName[] = [
  ...(['NATS_URL', 'NATS_USER', 'NATS_PASSWORD', 'NATS_TOKEN', 'NATS_CREDENTIALS'] as const),
  ...(['NATS_TLS_CA', 'NATS_TLS_CERT', 'NATS_TLS_KEY'] as const),
  ...(['NATS_STREAM', 'NATS_PARTITIONS', 'NATS_REPLICAS'] as const),
  ...(['NATS_MAX_BYTES', 'NATS_MAX_AGE', 'NATS_DUPLICATE_WINDOW'] as const),
];

/** To be called before anything of src/jetstream is imported. `what` needs it, at the beginning of a sentence. Throws MissingPackage. */
export function needNats(what: string): void {
  needPackage('@nats-io/transport-node', what);
  needPackage('@nats-io/jetstream', what);
}

/** How NATS is reached; `program` is shown in its lists beside this machine's name. */
export function natsOptions(settings: Settings, program: string): NatsOptions {
  const { NATS_URL, NATS_USER, NATS_PASSWORD, NATS_TOKEN, NATS_CREDENTIALS } = settings;
  const tls = tlsOf(settings);
  return {
    servers: NATS_URL.split(',').map((url) => url.trim()),
    name: `${program} on ${hostname()}`,
    ...(NATS_USER === '' ? {} : { user: NATS_USER, password: NATS_PASSWORD }),
    ...(NATS_TOKEN === '' ? {} : { token: NATS_TOKEN }),
    ...(NATS_CREDENTIALS === '' ? {} : { credentialsFile: NATS_CREDENTIALS }),
    ...(Object.keys(tls).length === 0 ? {} : { tls }),
  };
}

/** What the streams have to be. */
export const streamSettings = (settings: Settings): StreamSettings => ({
  stream: settings.NATS_STREAM,
  partitions: settings.NATS_PARTITIONS,
  replicas: settings.NATS_REPLICAS,
  maxBytes: settings.NATS_MAX_BYTES,
  maxAgeMs: Math.round(settings.NATS_MAX_AGE * 1000),
  duplicateWindowMs: Math.round(settings.NATS_DUPLICATE_WINDOW * 1000),
});

function tlsOf({ NATS_TLS_CA, NATS_TLS_CERT, NATS_TLS_KEY }: Settings): NonNullable<NatsOptions['tls']> {
  return {
    ...(NATS_TLS_CA === '' ? {} : { caFile: NATS_TLS_CA }),
    ...(NATS_TLS_CERT === '' ? {} : { certFile: NATS_TLS_CERT }),
    ...(NATS_TLS_KEY === '' ? {} : { keyFile: NATS_TLS_KEY }),
  };
}
