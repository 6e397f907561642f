/** The connection to NATS. It comes back by itself for ever; what was asked for meanwhile fails, and is asked again by whoever did. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { jetstream, jetstreamManager, type JetStreamClient, type JetStreamManager } from '@nats-io/jetstream';
import {
  AuthorizationError,
  connect,
  credsAuthenticator,
  type Authenticator,
  type NatsConnection,
  type NodeConnectionOptions,
} from '@nats-io/transport-node';
import { JetStreamError } from './jetstream_error.ts';
import { Silence } from './silence.ts';

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
  /** Files of PEM; with any of them TLS is spoken, or the connection refused. */
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string };
  /** At the start the servers may be away for so long. */
  readonly patienceMs?: number;
}

/** A request that is not answered has failed after this. */
const REQUEST_TIMEOUT_MS = 5000;

/** A server that is silent is asked this often, and given up after two that it did not answer. */
const PING_EVERY_MS = 5000;

const RECONNECT_EVERY_MS = 250;

const PATIENCE_MS = 15_000;

/** The connection, and JetStream on it. */
export class Nats implements AsyncDisposable {
  readonly connection: NatsConnection;
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
  /** Is told by whoever asks again and again what was answered and what was not. */
  readonly silence: Silence;
  /** What is to be told when the connection is lost. */
  readonly #waiting = new Set<(error: Error) => void>();
  #isConnected = true;
  #onChange: () => void = () => undefined;
  /** As the server said last: nobody says while there is no connection. */
  #maxMessageBytes = 0;
  #flushing: Promise<void> | undefined;

  constructor(connection: NatsConnection, client: JetStreamClient, manager: JetStreamManager) {
    this.connection = connection;
    this.client = client;
    this.manager = manager;
    this.silence = new Silence(() => connection.reconnect());
    this.#maxMessageBytes = connection.info?.max_payload ?? 0;
    void this.#watch();
  }

  /** Why nothing can be asked at the moment, or undefined where it can. */
  get trouble(): Error | undefined {
    return this.#isConnected ? undefined : lost();
  }

  /** `listener` is called from now on when the connection was lost, and when it is back. */
  onChange(listener: () => void): void {
    this.#onChange = listener;
  }

  /** The longest message the server takes, its headers included. */
  get maxMessageBytes(): number {
    this.#maxMessageBytes = this.connection.info?.max_payload ?? this.#maxMessageBytes;
    return this.#maxMessageBytes;
  }

  /**
   * What `ask` settles with. Rejects at once where there is no connection, and as soon as it is lost: the answer can't come
   * any more. Nothing is queued for a later connection.
   */
  async ask<T>(ask: () => Promise<T>): Promise<T> {
    if (!this.#isConnected) throw lost();
    const { promise, reject } = Promise.withResolvers<never>();
    this.#waiting.add(reject);
    try {
      return await Promise.race([ask(), promise]);
    } finally {
      this.#waiting.delete(reject);
    }
  }

  /** Settles when the server has read all that it was sent, or the connection was lost. So what is sent again does not lie behind itself. */
  async settled(): Promise<void> {
    this.#flushing ??= this.#flush();
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    await this.ask(() => this.connection.flush()).catch(() => undefined);
    this.#flushing = undefined;
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.connection.status()) {
      if (type === 'reconnect') this.#found();
      else if (type === 'disconnect' || type === 'close') this.#lose();
      else continue;
      this.#onChange();
    }
  }

  #found(): void {
    this.#isConnected = true;
    this.silence.ends();
  }

  #lose(): void {
    this.#isConnected = false;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const reject of waiting) reject(lost());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lose();
    await this.connection.close();
  }
}

const lost = (): Error => new JetStreamError('unavailable', 'there is no connection to NATS');

/**
 * Connects. Rejects with JetStreamError where it can't: `unavailable` where no server answered within `patienceMs`, `refused`
 * where credentials are, `bad_settings` where a file can't be read or TLS can't be had.
 */
export async function connectNats(options: NatsOptions): Promise<Nats> {
  const settings = { timeout: REQUEST_TIMEOUT_MS };
  const connection = await patiently(options, await connectionOptions(options));
  const manager = await jetstreamManager(connection, { ...settings, checkAPI: false });
  return new Nats(connection, jetstream(connection, settings), manager);
}

async function patiently(
  { servers, patienceMs = PATIENCE_MS }: NatsOptions,
  settings: NodeConnectionOptions,
): Promise<NatsConnection> {
  const where = servers.join(', ');
  for (const begunAt = performance.now(); ;) {
    try {
      return await connect(settings);
    } catch (cause) {
      const reason = (cause as Error).message;
      if (cause instanceof AuthorizationError)
        throw new JetStreamError('refused', `NATS at ${where} refuses the credentials: ${reason}`, { cause });
      if (performance.now() - begunAt > patienceMs)
        throw new JetStreamError('unavailable', `NATS at ${where} can't be reached: ${reason}`, { cause });
      await delay(RECONNECT_EVERY_MS);
    }
  }
}

async function connectionOptions(options: NatsOptions): Promise<NodeConnectionOptions> {
  const { servers, name, user, password, token, credentialsFile } = options;
  const tls = await tlsOf(options);
  return {
    servers: [...servers],
    name,
    timeout: REQUEST_TIMEOUT_MS,
    pingInterval: PING_EVERY_MS,
    maxPingOut: 2,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_EVERY_MS,
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { pass: password }),
    ...(token === undefined ? {} : { token }),
    ...(credentialsFile === undefined ? {} : { authenticator: authenticatorOf(credentialsFile) }),
    ...(tls === undefined ? {} : { tls }),
  };
}

/** The file is read for each connection: it may be renewed. The first time that it can be used is looked at now. */
function authenticatorOf(path: string): Authenticator {
  const authenticate: Authenticator = (nonce) => credsAuthenticator(readFileSync(path))(nonce);
  try {
    authenticate('probe');
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new JetStreamError('bad_settings', `NATS_CREDENTIALS can't be read: ${reason}`, { cause });
  }
  return authenticate;
}

async function tlsOf({ tls, servers }: NatsOptions): Promise<NodeConnectionOptions['tls']> {
  if (tls === undefined && !servers.some((server) => server.startsWith('tls://'))) return undefined;
  const { caFile, certFile, keyFile } = tls ?? {};
  return {
    ...(caFile === undefined ? {} : { ca: await pemOf('NATS_TLS_CA', caFile) }),
    ...(certFile === undefined ? {} : { cert: await pemOf('NATS_TLS_CERT', certFile) }),
    ...(keyFile === undefined ? {} : { key: await pemOf('NATS_TLS_KEY', keyFile) }),
  };
}

async function pemOf(option: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new JetStreamError('bad_settings', `${option} can't be read: ${(cause as Error).message}`, {
      cause,
    });
  }
}
