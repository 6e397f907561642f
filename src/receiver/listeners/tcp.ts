import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { TlsMaterial } from '../../base/tls_material.ts';
import type { Logger } from '../../base/logger.ts';
import type { Ledger } from '../../monitor/ledger.ts';
import { peerOf } from '../peer.ts';
import type { PeerLog } from '../peer_log.ts';
import type { Conversation } from './conversation.ts';
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

export interface TcpListenerContext {
  readonly limits: { readonly frameTimeoutMs: number };
  readonly ledger: Ledger;
  readonly log: Logger;
  readonly peers: PeerLog;
}

/** A handshake takes no longer, nor longer than FRAME_TIMEOUT. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Accepts connections, and begins a conversation on each, independent of the others. */
export class TcpListener {
  readonly #context: TcpListenerContext;
  readonly #converse: (socket: Socket) => Conversation;
  readonly #server: Server;
  readonly #tls: TlsServer | undefined;
  readonly #conversations = new Set<Conversation>();
  /** Connections by address: those that still shake hands, and those that closed with something in hand, count too. */
  readonly #connectionsOf = new Map<string, number>();
  readonly #maxPerAddress: number;

  private constructor(
    { tls, maxConnectionsPerAddress }: TcpListenerOptions,
    context: TcpListenerContext,
    converse: (socket: Socket) => Conversation,
  ) {
    this.#context = context;
    this.#converse = converse;
    this.#maxPerAddress = maxConnectionsPerAddress;
    const handshakeTimeoutMs = Math.min(HANDSHAKE_TIMEOUT_MS, context.limits.frameTimeoutMs);
    this.#tls = tls === undefined ? undefined : new TlsServer(tls, handshakeTimeoutMs);
    // Under TLS half-open begins after the handshake.
    this.#server = createServer({ allowHalfOpen: tls === undefined }, (socket) => this.#accept(socket));
  }

  /** Listens; rejects where the address can't be had. */
  static async listen(
    options: TcpListenerOptions,
    context: TcpListenerContext,
    converse: (socket: Socket) => Conversation,
  ): Promise<TcpListener> {
    const { host, port, maxConnections } = options;
    const listener = new TcpListener(options, context, converse);
    const server = listener.#server;
    server.maxConnections = maxConnections;
    server.on('drop', (dropped) =>
      listener.#refused(peerOf(dropped ?? {}), 'MAX_CONNECTIONS', `${maxConnections} are open`),
    );
    server.listen({ host, port, backlog: 1024 });
    await once(server, 'listening');
    server.on('error', (error) =>
      context.peers.say('accept', 'error', { err: error }, 'accepting connections failed'),
    );
    return listener;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends the connections whose token lets in no more. */
  checkPasses(): void {
    for (const conversation of this.#conversations) conversation.checkPass();
  }

  /** As TlsServer.replace. */
  replaceCertificate(material: TlsMaterial): void {
    this.#tls?.replace(material);
  }

  #accept(socket: Socket): void {
    const address = socket.remoteAddress ?? 'gone';
    const others = this.#connectionsOf.get(address) ?? 0;
    if (others >= this.#maxPerAddress) {
      socket.on('error', () => undefined);
      socket.destroy();
      this.#refused(address, 'MAX_CONNECTIONS_PER_ADDRESS', `${others} are open from ${address}`);
      return;
    }
    this.#connectionsOf.set(address, others + 1);
    const onLeft = (): void => this.#left(address);
    if (this.#tls === undefined) this.#begin(socket, onLeft);
    else this.#shakeHands(this.#tls, socket, onLeft);
  }

  #shakeHands(tls: TlsServer, raw: Socket, onLeft: () => void): void {
    const peer = peerOf(raw);
    tls.shakeHands(raw, {
      onDone: (socket) => this.#begin(socket, onLeft),
      onFailed: (reason, isProbe) => {
        const { ledger, log, peers } = this.#context;
        ledger.error('tls');
        const fields = { peer, code: 'tls', reason };
        const message = `connection refused: no TLS handshake: ${reason}`;
        if (isProbe) log.debug(fields, message);
        else peers.say(`tls ${reason}`, 'warn', fields, message);
        onLeft();
      },
    });
  }

  #begin(socket: Socket, onLeft: () => void): void {
    const { ledger } = this.#context;
    const conversation = this.#converse(socket);
    this.#conversations.add(conversation);
    ledger.connections += 1;
    ledger.connectionsTotal += 1;
    void conversation.finished().then(() => {
      this.#conversations.delete(conversation);
      onLeft();
      ledger.connections -= 1;
    });
  }

  #refused(peer: string, limit: string, reason: string): void {
    const { ledger, peers } = this.#context;
    ledger.error('too_many_connections');
    peers.say(limit, 'warn', { peer }, `connection refused: ${reason} (${limit})`);
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
    await Promise.all([...this.#conversations].map((conversation) => conversation.stop()));
  }
}
