import type { Server, Socket } from 'node:net';

export interface ConnectionLimits {
  readonly maxConnections: number;
  /** Of these, how many may come from one address. */
  readonly maxConnectionsPerAddress: number;
}

/** The connections of a server, held to its limits. */
export class Connections {
  readonly #open = new Set<Socket>();
  /** By socket: how many requests are not answered. */
  readonly #asked = new Map<Socket, number>();
  readonly #connectionsOf = new Map<string, number>();
  readonly #maxPerAddress: number;
  #isEnding = false;
  readonly #onRefused: (address: string, limit: string, reason: string) => void;

  /** `onRefused` hears of each connection that was one too many. */
  constructor(
    server: Server,
    { maxConnections, maxConnectionsPerAddress }: ConnectionLimits,
    onRefused: (address: string, limit: string, reason: string) => void,
  ) {
    this.#maxPerAddress = maxConnectionsPerAddress;
    this.#onRefused = onRefused;
    server.maxConnections = maxConnections;
    server.on('drop', (dropped) =>
      onRefused(dropped?.remoteAddress ?? 'gone', 'MAX_CONNECTIONS', `${maxConnections} are open`),
    );
    server.prependListener('connection', (socket: Socket) => this.#count(socket));
    for (const event of ['connection', 'secureConnection'])
      server.on(event, (socket: Socket) => {
        this.#open.add(socket);
        socket.once('close', () => this.#open.delete(socket));
      });
  }

  /** A request has begun on it. */
  asked(socket: Socket): void {
    this.#asked.set(socket, (this.#asked.get(socket) ?? 0) + 1);
  }

  /** A request has ended on it. */
  answered(socket: Socket): void {
    const left = (this.#asked.get(socket) ?? 1) - 1;
    if (left > 0) this.#asked.set(socket, left);
    else this.#asked.delete(socket);
    if (left === 0 && this.#isEnding) socket.destroySoon();
  }

  /** Closes each as soon as all that was asked on it is answered: many at once. */
  end(): void {
    this.#isEnding = true;
    // Under TLS a request is known by the socket above the one that was accepted.
    const raw = new Set([...this.#asked.keys()].map(rawOf));
    for (const socket of this.#open) if (!this.#asked.has(socket) && !raw.has(socket)) socket.destroy();
  }

  #count(socket: Socket): void {
    const address = socket.remoteAddress ?? 'gone';
    const others = this.#connectionsOf.get(address) ?? 0;
    this.#connectionsOf.set(address, others + 1);
    socket.once('close', () => {
      const left = (this.#connectionsOf.get(address) ?? 1) - 1;
      if (left === 0) this.#connectionsOf.delete(address);
      else this.#connectionsOf.set(address, left);
    });
    if (others < this.#maxPerAddress) return;
    socket.destroy();
    this.#onRefused(address, 'MAX_CONNECTIONS_PER_ADDRESS', `${others} are open from ${address}`);
  }
}

/** The TCP socket below; Node keeps it there. */
const rawOf = (socket: Socket & { _parent?: Socket }): Socket => socket._parent ?? socket;
