/** The connection under a line: TCP, or TLS whose other end is who it should be. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { addAbortSignal } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { lazyTls } from '../base/lazy_tls.ts';
import { TLS_MIN_VERSION, type TlsMaterial } from '../base/tls_material.ts';
import { ShipperError } from './shipper_error.ts';

export interface ClientTls extends TlsMaterial {
  /** The name the receiver's certificate must be for, where it is not the host's. */
  readonly serverName?: string;
}

interface Target {
  readonly host: string;
  readonly port: number;
  readonly tls?: ClientTls;
}

const CONNECT_TIMEOUT_MS = 10_000;

/** A socket that is connected, and has shaken hands. Rejects with what the network said, or ShipperError `tls` where the receiver is not who it should be or can't be spoken to. */
export async function openSocket({ host, port, tls }: Target, signal: AbortSignal): Promise<Socket> {
  if (tls !== undefined) return openTls({ host, port }, tls, signal);
  const socket = withTimeout(connect({ host, port, signal }), 'no answer to the connection request');
  await once(socket, 'connect');
  socket.setTimeout(0);
  return socket;
}

async function openTls(
  target: { host: string; port: number },
  { serverName, cert, key, ca }: ClientTls,
  signal: AbortSignal,
): Promise<Socket> {
  const socket = lazyTls().connect({
    ...target,
    ...(serverName === undefined ? {} : { servername: serverName }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    minVersion: TLS_MIN_VERSION,
    rejectUnauthorized: true,
  });
  addAbortSignal(signal, socket);
  withTimeout(socket, 'no answer to the TLS handshake');
  try {
    await once(socket, 'secureConnect');
  } catch (error) {
    throw signal.aborted ? error : failedHandshake(error as Error, socket);
  }
  socket.setTimeout(0);
  return socket;
}

function failedHandshake(error: Error, socket: TLSSocket): Error {
  // Null where nothing was wrong with it, whatever the types say.
  const refused = socket.authorizationError as Error | string | null | undefined;
  if (refused !== null && refused !== undefined) {
    const message = `the receiver's certificate is not accepted: ${error.message} (TLS_CA, TLS_SERVER_NAME)`;
    return new ShipperError('tls', message, { cause: error });
  }
  return afterHandshake(error);
}

/** What an error of a TLS connection means: its own complaints are there to stay, as those of the network are not. */
export function afterHandshake(error: Error & { code?: string; reason?: string }): Error {
  if (error.code?.startsWith('ERR_SSL_') !== true) return error;
  const message = `TLS with the receiver failed: ${error.reason ?? error.message}`;
  return new ShipperError('tls', message, { cause: error });
}

/**
 * An error of a TLS connection that was greeted and never said a word. TLS 1.3 does not tell a client that its certificate
 * was refused after the handshake: the connection just closes.
 */
export function beforeWelcome(error: Error & { code?: string }, { cert }: ClientTls): Error {
  const isClosed =
    !(error instanceof ShipperError) && [undefined, 'ECONNRESET', 'EPIPE'].includes(error.code);
  if (cert === undefined || !isClosed) return error;
  const message = `${error.message}; it may not accept the certificate of this shipper (TLS_CERT): its log says why`;
  return new Error(message, { cause: error });
}

function withTimeout<S extends Socket>(socket: S, message: string): S {
  socket.setTimeout(CONNECT_TIMEOUT_MS, () => socket.destroy(new Error(message)));
  return socket;
}
