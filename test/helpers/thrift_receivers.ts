/** A receiver with a Thrift listener on a free port of this machine, and clients of it: the library's, and one of bare bytes. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import * as thrift from 'thrift';
import type { TlsMaterial } from '../../src/base/tls_material.ts';
import type { Receiver } from '../../src/receiver/receiver.ts';
import type { ThriftOptions } from '../../src/receiver/listeners/thrift/thrift_service.ts';
import LogIngestionService from '../../src/thrift/generated/LogIngestionService.js';
import LogferryAccess from '../../src/thrift/generated/LogferryAccess.js';
import { LIBRARY_PROTOCOLS } from '../../src/thrift/generated_service.ts';
import type { ProtocolName } from '../../src/thrift/message.ts';
import { testReceiver, type ReceiverWishes } from './receivers.ts';
import type { TemporaryFolder } from './temp_folder.ts';
import { until } from './until.ts';

export interface ThriftWishes extends ReceiverWishes {
  readonly thriftLimits?: Partial<ThriftOptions['limits']>;
  readonly services?: ThriftOptions['services'];
  readonly thriftTls?: TlsMaterial;
}

export interface ThriftReceiver extends AsyncDisposable {
  readonly receiver: Receiver;
  readonly port: number;
}

/** Small limits, so that tests reach them. */
export async function thriftReceiver(
  folder: TemporaryFolder,
  wishes: ThriftWishes = {},
): Promise<ThriftReceiver> {
  const { thriftLimits, services = [], thriftTls } = wishes;
  const tls = thriftTls === undefined ? {} : { tls: thriftTls };
  const receiver = await testReceiver(folder.in('data'), {
    ...wishes,
    thrift: {
      listener: { host: '127.0.0.1', port: 0, maxConnections: 1000, maxConnectionsPerAddress: 1000, ...tls },
      limits: {
        maxMessageBytes: 256 * 1024,
        maxStringBytes: 64 * 1024,
        maxElements: 1000,
        maxDepth: 16,
        idleTimeoutMs: 60_000,
        ...thriftLimits,
      },
      services,
    },
  });
  return {
    receiver,
    port: receiver.thriftPort ?? 0,
    [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose](),
  };
}

/** Every protocol over every transport. */
export const WAYS = (['binary', 'compact', 'json'] as const).flatMap((protocol) =>
  (['framed', 'buffered'] as const).map((transport) => ({ protocol, transport })),
);

export interface Way {
  readonly protocol: ProtocolName;
  readonly transport: 'framed' | 'buffered';
}

export interface LibraryWishes extends Partial<Way> {
  /** With the services' names in front of their methods. */
  readonly isMultiplexed?: boolean;
  /** Whom to trust, where TLS is spoken. */
  readonly ca?: string;
}

export interface LibraryClient extends Disposable {
  readonly logs: InstanceType<typeof LogIngestionService.Client>;
  readonly access: InstanceType<typeof LogferryAccess.Client>;
}

/** The `thrift` library with what the compiler generated for it. */
export function libraryClient(port: number, wishes: LibraryWishes = {}): LibraryClient {
  const { protocol = 'binary', transport = 'framed', isMultiplexed = false, ca } = wishes;
  const options = {
    protocol: LIBRARY_PROTOCOLS[protocol],
    transport: transport === 'framed' ? thrift.TFramedTransport : thrift.TBufferedTransport,
  };
  const connection =
    ca === undefined
      ? thrift.createConnection('127.0.0.1', port, options)
      : thrift.createSSLConnection('localhost', port, { ...options, ca } as thrift.ConnectOptions);
  connection.on('error', () => undefined);
  const multiplexer = new thrift.Multiplexer();
  const client = <Client>(name: string, type: thrift.TClientConstructor<Client>): Client =>
    isMultiplexed ? multiplexer.createClient(name, type, connection) : thrift.createClient(type, connection);
  // Without names of services a connection of the library has one client: the one made last.
  const latest: { access?: LibraryClient['access']; logs?: LibraryClient['logs'] } = {};
  return {
    get access() {
      if (!isMultiplexed) delete latest.logs;
      return (latest.access ??= client('LogferryAccess', LogferryAccess.Client));
    },
    get logs() {
      if (!isMultiplexed) delete latest.access;
      return (latest.logs ??= client('LogIngestionService', LogIngestionService.Client));
    },
    [Symbol.dispose]: () => connection.end(),
  };
}

/** A client that sends any bytes and keeps what is answered. */
export class RawThrift implements Disposable {
  readonly socket: Socket;
  answered = Buffer.alloc(0);
  isEnded = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => (this.answered = Buffer.concat([this.answered, bytes])));
    for (const name of ['end', 'error', 'close']) socket.on(name, () => (this.isEnded = true));
  }

  static async connect(port: number): Promise<RawThrift> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    return new RawThrift(socket);
  }

  send(...pieces: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(pieces));
  }

  /** Settles when the receiver has ended its side. */
  ended(): Promise<void> {
    return until('the receiver ends the connection', () => this.isEnded);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
