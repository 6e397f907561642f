import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { TlsMaterial } from '../../base/tls_material.ts';
import { peerOf } from '../peer.ts';
import type { SessionContext } from '../session.ts';
import { Session } from '../session.ts';
import { TlsServer } from './tls.ts';

export interface TcpListenerOptions {
  readonly host: string;
  /** 0 for any free port: `port` then tells which. */
  readonly port: number;
  readonly maxConnections: number;
  /** Of these, how many may come from one address. */
  readonly maxConnectionsPerAddress: number;
  /** Speak TLS, and nothing else. */
  readonly tls?: TlsMaterial;
}

/** The way in for shippers and plain peers. One session a connection, independent of the others. */
export class TcpListener {
  readonly name = 'tcp';
  readonly #server: Server;
  readonly #sessions = new Set<Session>();
  readonly #connectionsOf = new Map<string, number>();
  readonly #maxPerAddress: number;

  readonly #tls: TlsServer | undefined;

  private constructor({ tls, maxConnectionsPerAddress }: TcpListenerOptions, context: SessionContext) {
    this.#maxPerAddress = maxConnectionsPerAddress;
    const onConnection = (socket: Socket): void => this.#accept(socket, context);
    if (tls === undefined) {
      this.#server = createServer({ allowHalfOpen: true }, onConnection);
      return;
    }
    const onFailure = (peer: string, reason: string): void => {
      context.ledger.error('tls');
      context.log.warn({ peer, code: 'tls', reason }, `connection refused: no TLS handshake: ${reason}`);
    };
    this.#tls = new TlsServer({ material: tls, onConnection, onFailure });
    this.#server = this.#tls.server;
  }

  /** Listens; rejects where the address can't be had. */
  static async listen(options: TcpListenerOptions, context: SessionContext): Promise<TcpListener> {
    const { host, port, maxConnections } = options;
    const listener = new TcpListener(options, context);
    const server = listener.#server;
    server.maxConnections = maxConnections;
    server.on('drop', (dropped) => {
      context.ledger.error('too_many_connections');
      context.log.warn(
        { peer: peerOf(dropped ?? {}) },
        `connection refused: ${maxConnections} are open (MAX_CONNECTIONS)`,
      );
    });
    server.listen({ host, port, backlog: 1024 });
    await once(server, 'listening');
    server.on('error', (error) => context.log.error({ err: error }, 'accepting connections failed'));
    return listener;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends the connections whose token lets in no more. */
  checkPasses(): void {
    for (const session of this.#sessions) session.checkPass();
  }

  /** As TlsServer.replace. */
  replaceCertificate(material: TlsMaterial): void {
    this.#tls?.replace(material);
  }

  #accept(socket: Socket, context: SessionContext): void {
    const { ledger } = context;
    const address = socket.remoteAddress ?? 'gone';
    const others = this.#connectionsOf.get(address) ?? 0;
    if (others >= this.#maxPerAddress) {
      socket.on('error', () => undefined);
      socket.destroy();
      ledger.error('too_many_connections');
      const reason = `${others} are open from ${address} (MAX_CONNECTIONS_PER_ADDRESS)`;
      context.log.warn({ peer: address }, `connection refused: ${reason}`);
      return;
    }
    this.#connectionsOf.set(address, others + 1);
    const session = new Session(socket, context);
    this.#sessions.add(session);
    ledger.connections += 1;
    ledger.connectionsTotal += 1;
    void session.finished().then(() => {
      this.#sessions.delete(session);
      this.#left(address);
      ledger.connections -= 1;
    });
  }

  #left(address: string): void {
    const left = (this.#connectionsOf.get(address) ?? 1) - 1;
    if (left === 0) this.#connectionsOf.delete(address);
    else this.#connectionsOf.set(address, left);
  }

  /** Accepts no more, settles what the connections have in hand, closes them. */
  async stop(): Promise<void> {
    this.#server.close();
    this.#tls?.stop();
    await Promise.all([...this.#sessions].map((session) => session.stop()));
  }
}
