import type { Socket } from 'node:net';
import type { Server, TLSSocket } from 'node:tls';
import { lazyTls } from '../../base/lazy_tls.ts';
import { TLS_MIN_VERSION, checkTlsMaterial, type TlsMaterial } from '../../base/tls_material.ts';

/** What becomes of a handshake: one of the two is called, once. */
export interface Handshake {
  readonly onDone: (socket: TLSSocket) => void;
  /** It failed, and its connection is closed. `isProbe`: it said not a byte and left, as who looks whether a port is open. */
  readonly onFailed: (reason: string, isProbe: boolean) => void;
}

/** Speaks TLS over connections that were accepted elsewhere. */
export class TlsServer {
  /** It never listens. */
  readonly #server: Server;
  /** By the TCP socket below. */
  readonly #shaking = new Map<Socket, Handshake>();

  /** With a CA, clients must show a certificate it signed. Throws where the material is no use. */
  constructor(material: TlsMaterial, handshakeTimeoutMs: number) {
    checkTlsMaterial(material);
    this.#server = lazyTls().createServer({
      ...material,
      minVersion: TLS_MIN_VERSION,
      requestCert: material.ca !== undefined,
      rejectUnauthorized: material.ca !== undefined,
      handshakeTimeout: handshakeTimeoutMs,
    });
    this.#server.on('secureConnection', (socket) => {
      // Not before: a peer that ends in the middle of the handshake is gone.
      socket.allowHalfOpen = true;
      this.#settled(rawOf(socket))?.onDone(socket);
    });
    this.#server.on('tlsClientError', (error: Error & { code?: string }, socket) => {
      const raw = rawOf(socket);
      const isProbe = raw.bytesRead === 0 && error.code === 'ECONNRESET';
      const handshake = this.#settled(raw);
      socket.destroy();
      handshake?.onFailed(reasonOf(error, socket), isProbe);
    });
  }

  /** Begins TLS on a connection just accepted. */
  shakeHands(raw: Socket, handshake: Handshake): void {
    this.#shaking.set(raw, handshake);
    // In the turn after this one: an error that says more comes first.
    raw.once('close', () =>
      setImmediate(() => this.#settled(raw)?.onFailed('it closed', raw.bytesRead === 0)),
    );
    this.#server.emit('connection', raw);
  }

  /** New connections are shown this. Throws, and changes nothing, where it is no use. */
  replace(material: TlsMaterial): void {
    checkTlsMaterial(material);
    this.#server.setSecureContext({ ...material, minVersion: TLS_MIN_VERSION });
  }

  /** Lets go of connections that are still shaking hands. */
  stop(): void {
    for (const raw of this.#shaking.keys()) raw.destroy();
  }

  #settled(raw: Socket): Handshake | undefined {
    const handshake = this.#shaking.get(raw);
    this.#shaking.delete(raw);
    return handshake;
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
