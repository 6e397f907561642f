/** Services by Thrift that need nothing of the receiver's: no archive, no shippers. */
import type { Logger } from '../base/logger.ts';
import type { TlsMaterial } from '../base/tls_material.ts';
import { Ledger } from '../monitor/ledger.ts';
import type { ThriftService } from '../thrift/service.ts';
import { Access, type AccessOptions } from './access.ts';
import { TcpListener } from './listeners/tcp.ts';
import { InHandTotal } from './listeners/thrift/in_hand_total.ts';
import { ThriftConnection } from './listeners/thrift/thrift_connection.ts';
import type { ThriftOptions } from './listeners/thrift/thrift_service.ts';
import { PeerLog } from './peer_log.ts';

export interface ServiceReceiverOptions {
  /** They stay the caller's. */
  readonly services: readonly ThriftService[];
  readonly thrift: Pick<ThriftOptions, 'listener' | 'limits'>;
  /** A message that was begun must have come whole after so long. */
  readonly frameTimeoutMs: number;
  readonly access: Pick<AccessOptions, 'tokens'>;
  readonly log: Logger;
}

export interface ServiceReceiver extends AsyncDisposable {
  readonly port: number;
  /** From now on these tokens let in; connections that came with another are ended. */
  replaceTokens(tokens: readonly string[]): void;
  /** New connections are shown this certificate. Throws, and changes nothing, where it is no use. */
  replaceCertificate(material: TlsMaterial): void;
}

/** Bytes of messages in memory at once, over all connections. */
const IN_HAND_BYTES = 128 * 1024 * 1024;

/** Listens. Disposing of it answers what has been asked. */
export async function startServices(options: ServiceReceiverOptions): Promise<ServiceReceiver> {
  const { services, thrift, frameTimeoutMs, log } = options;
  const access = await Access.open({ tokens: options.access.tokens, areIdsBound: false }, '');
  const peers = new PeerLog(log);
  const context = {
    services,
    limits: { ...thrift.limits, frameTimeoutMs },
    access,
    ledger: new Ledger(),
    peers,
    log,
    inHand: new InHandTotal(Math.max(IN_HAND_BYTES, 2 * thrift.limits.maxMessageBytes)),
  };
  const listener = await TcpListener.listen(
    thrift.listener,
    context,
    (socket) => new ThriftConnection(socket, context),
  );
  const close = async (): Promise<void> => {
    await listener.stop();
    peers.end();
  };
  let closing: Promise<void> | undefined;
  return {
    port: listener.port,
    replaceTokens(tokens) {
      access.replaceTokens(tokens);
      listener.checkPasses();
    },
    replaceCertificate: (material) => listener.replaceCertificate(material),
    [Symbol.asyncDispose]: () => (closing ??= close()),
  };
}
