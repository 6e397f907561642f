import type { Socket } from 'node:net';
import type * as Tls from 'node:tls';

/** Node's TLS, loaded when it is first wanted: it is a fifth of what starting either program costs, and mostly unused. */
export const lazyTls = (): typeof Tls => process.getBuiltinModule('node:tls');

/** The socket, where it speaks TLS. */
export const asTls = (socket: Socket): Tls.TLSSocket | undefined =>
  'encrypted' in socket ? (socket as Tls.TLSSocket) : undefined;
