/** The connection to NATS. It comes back by itself for ever; what was asked for meanwhile fails, and is asked again by whoever did. */
import { readFileSync } from 'node:fs';
import { jetstream, jetstreamManager, type JetStreamClient, type JetStreamManager } from '@nats-io/jetstream';
import {
  connect,
  credsAuthenticator,
  type NatsConnection,
  type NodeConnectionOptions,
} from '@nats-io/transport-node';

export interface NatsOptions {
  /** `nats://host:port`, `tls://host:port` or `host:port`. */
  readonly servers: readonly string[];
  /** Shown in the server's lists. */
  readonly name: string;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** A .creds file. */
  readonly credentialsFile?: string;
  /** Files of PEM; with any of them TLS is spoken. */
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string };
}

export interface Nats extends AsyncDisposable {
  readonly connection: NatsConnection;
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
  /** The longest message the server takes, its headers included. */
  readonly maxMessageBytes: number;
}

/** A request that is not answered has failed after this. */
const REQUEST_TIMEOUT_MS = 5000;

/** A server that is silent is asked this often, and given up after two that it did not answer. */
const PING_EVERY_MS = 10_000;

const RECONNECT_EVERY_MS = 250;

/** Connects. Rejects with why it can't: an address that does not answer, credentials that are refused, a file that can't be read. */
export async function connectNats(options: NatsOptions): Promise<Nats> {
  const connection = await connect(connectionOptions(options));
  const settings = { timeout: REQUEST_TIMEOUT_MS };
  return {
    connection,
    client: jetstream(connection, settings),
    manager: await jetstreamManager(connection, { ...settings, checkAPI: false }),
    get maxMessageBytes() {
      return connection.info?.max_payload ?? 0;
    },
    async [Symbol.asyncDispose]() {
      await connection.close();
    },
  };
}

function connectionOptions(options: NatsOptions): NodeConnectionOptions {
  const { servers, name, user, password, token, credentialsFile, tls } = options;
  return {
    servers: [...servers],
    name,
    timeout: REQUEST_TIMEOUT_MS,
    pingInterval: PING_EVERY_MS,
    maxPingOut: 2,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_EVERY_MS,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { pass: password }),
    ...(token === undefined ? {} : { token }),
    ...(credentialsFile === undefined
      ? {}
      : { authenticator: credsAuthenticator(readFileSync(credentialsFile)) }),
    ...(tls === undefined ? {} : { tls }),
  };
}
