import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import type { SessionContext } from '../session.ts';
import { Session } from '../session.ts';

export interface TcpListenerOptions {
  readonly host: string;
  /** 0 for any free port: `port` then tells which. */
  readonly port: number;
  readonly maxConnections: number;
}

/** The way in for shippers and plain peers. One session a connection, independent of the others. */
export class TcpListener {
  readonly name = 'tcp';
  readonly #server: Server;
  readonly #sessions = new Set<Session>();

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Listens; rejects where the address can't be had. */
  static async listen(
    { host, port, maxConnections }: TcpListenerOptions,
    context: SessionContext,
  ): Promise<TcpListener> {
    const server = createServer({ allowHalfOpen: true });
    const listener = new TcpListener(server);
    server.maxConnections = maxConnections;
    server.on('connection', (socket) => {
      const session = new Session(socket, context);
      listener.#sessions.add(session);
      context.ledger.connections += 1;
      context.ledger.connectionsTotal += 1;
      void session.finished().then(() => {
        listener.#sessions.delete(session);
        context.ledger.connections -= 1;
      });
    });
    server.on('drop', (dropped) => {
      context.ledger.error('too_many_connections');
      context.log.warn(
        { peer: `${dropped?.remoteAddress ?? 'gone'}:${dropped?.remotePort ?? 0}` },
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

  /** Accepts no more, settles what the connections have in hand, closes them. */
  async stop(): Promise<void> {
    this.#server.close();
    await Promise.all([...this.#sessions].map((session) => session.stop()));
  }
}
