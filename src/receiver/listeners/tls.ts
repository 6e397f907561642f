import type { Server as TcpServer, Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { TLS_MIN_VERSION, checkTlsMaterial, type TlsMaterial } from '../../base/tls_material.ts';
import { peerOf } from '../peer.ts';

/** A peer that connected and has not greeted in TLS by then is let go. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

export interface TlsServerOptions {
  readonly material: TlsMaterial;
  /** A connection whose handshake is done. */
  readonly onConnection: (socket: TLSSocket) => void;
  /** One whose handshake failed; it is closed. */
  readonly onFailure: (peer: string, reason: string) => void;
}

/** A TLS server that can be told to let go of connections that are still shaking hands. */
export class TlsServer {
  readonly server: TcpServer;
  readonly #tls: Server;
  readonly #shaking = new Set<Socket>();

  /** With a CA, clients must show a certificate it signed. Throws where the material is no use. */
  constructor({ material, onConnection, onFailure }: TlsServerOptions) {
    checkTlsMaterial(material);
    this.#tls = createServer({
      ...material,
      minVersion: TLS_MIN_VERSION,
      requestCert: material.ca !== undefined,
      rejectUnauthorized: material.ca !== undefined,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    });
    this.server = this.#tls;
    const peers = new WeakMap<Socket, string>();
    this.#tls.prependListener('connection', (socket: Socket) => {
      peers.set(socket, peerOf(socket));
      this.#shaking.add(socket);
      socket.once('close', () => this.#shaking.delete(socket));
    });
    this.#tls.on('secureConnection', (socket) => {
      this.#shaking.delete(rawOf(socket));
      // Not before: a peer that ends in the middle of the handshake is gone.
      socket.allowHalfOpen = true;
      onConnection(socket);
    });
    this.#tls.on('tlsClientError', (error, socket) => {
      this.#shaking.delete(rawOf(socket));
      onFailure(peers.get(rawOf(socket)) ?? peerOf(socket), reasonOf(error, socket));
      socket.destroy();
    });
  }

  /** New connections are shown this. Throws, and changes nothing, where it is no use. */
  replace(material: TlsMaterial): void {
    checkTlsMaterial(material);
    this.#tls.setSecureContext({ ...material, minVersion: TLS_MIN_VERSION });
  }

  /** Lets go of connections that are still shaking hands. */
  stop(): void {
    for (const socket of this.#shaking) socket.destroy();
  }
}

/** The TCP socket below; Node keeps it there. */
const rawOf = (socket: TLSSocket & { _parent?: Socket }): Socket => socket._parent ?? socket;

function reasonOf(error: Error & { reason?: string; code?: string }, socket: TLSSocket): string {
  // Null where nothing was wrong with it, whatever the types say.
  const refused = socket.authorizationError as Error | string | null | undefined;
  if (refused !== null && refused !== undefined) return `its certificate is not accepted: ${String(refused)}`;
  return error.reason ?? error.message;
}
