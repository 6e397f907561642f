/** HTTP with nothing but Redis behind it: no archive, no TCP. */
import type { Logger } from '../base/logger.ts';
import { Ledger } from '../monitor/ledger.ts';
import { reportThroughput } from '../monitor/report.ts';
import { Access, type AccessOptions } from './access.ts';
import { startHttp, type HttpOptions } from './listeners/http/http_service.ts';
import { PeerLog } from './peer_log.ts';
import type { Receiver } from './receiver.ts';

export interface HttpReceiverOptions {
  /** With Redis. */
  readonly http: HttpOptions;
  /** Ids are of shippers: none is bound here. */
  readonly access: Pick<AccessOptions, 'tokens'>;
  readonly log: Logger;
}

/** Listens. Disposing of it answers what has been asked. */
export async function startHttpReceiver({
  http,
  access: { tokens },
  log,
}: HttpReceiverOptions): Promise<Receiver> {
  const ledger = new Ledger();
  const peers = new PeerLog(log);
  const access = await Access.open({ tokens, areIdsBound: false }, '');
  const service = await startHttp(http, { access, ledger, peers });
  const stopReporting = reportThroughput(ledger, log);
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await service.stop();
    stopReporting();
    peers.end();
    const { received, stored, refused, errors } = ledger;
    log.info({ received, stored, refused, errors }, 'receiver stopped');
  };
  return {
    port: 0,
    httpPort: service.port,
    thriftPort: undefined,
    httpCounts: service.counts,
    ledger,
    trouble: undefined,
    get health() {
      return { state: closing === undefined ? ('ok' as const) : ('stopping' as const) };
    },
    replaceTokens: (replaced) => access.replaceTokens(replaced),
    replaceCertificate: (material) => service.replaceCertificate(material),
    [Symbol.asyncDispose]: () => (closing ??= close()),
  };
}
