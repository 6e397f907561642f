/** The Thrift way in, whole: its services, its listener. */
import type { ReceiverLog } from '../../../archive/commit_log.ts';
import type { SegmentFormat } from '../../../archive/format.ts';
import type { Logger } from '../../../base/logger.ts';
import type { Ledger } from '../../../monitor/ledger.ts';
import type { ThriftLimits } from '../../../thrift/limits.ts';
import type { ThriftService } from '../../../thrift/service.ts';
import type { Access } from '../../access.ts';
import type { PeerLog } from '../../peer_log.ts';
import { TcpListener, type TcpListenerOptions } from '../tcp.ts';
import { expectDistinct } from './calls.ts';
import { InHandTotal } from './in_hand_total.ts';
import { logService } from './log_service.ts';
import { ThriftConnection } from './thrift_connection.ts';

export interface ThriftOptions {
  readonly listener: TcpListenerOptions;
  readonly limits: ThriftLimits & {
    /** A connection on which nothing is asked is closed after so long. */
    readonly idleTimeoutMs: number;
  };
  /** Beside LogIngestionService. */
  readonly services?: readonly ThriftService[];
}

export interface ThriftReceiverContext {
  readonly archive: ReceiverLog;
  readonly format: SegmentFormat;
  readonly level: number;
  readonly now: () => number;
  readonly limits: {
    readonly maxEntryBytes: number;
    readonly maxBatchBytes: number;
    readonly frameTimeoutMs: number;
  };
  readonly access: Access;
  readonly ledger: Ledger;
  readonly log: Logger;
  readonly peers: PeerLog;
}

/** Bytes of messages in memory at once, over all connections, in messages of the largest size allowed. */
const LARGEST_MESSAGES_AT_ONCE = 8;
const LEAST_TOTAL_BYTES = 64 * 1024 * 1024;

/** Listens. Its `stop` answers what has been asked; the archive and the other services stay open. */
export async function startThrift(
  { listener, limits, services = [] }: ThriftOptions,
  context: ThriftReceiverContext,
): Promise<TcpListener> {
  const { maxEntryBytes, maxBatchBytes, frameTimeoutMs } = context.limits;
  const logs = await logService({ ...context, maxEntryBytes, maxBatchBytes });
  expectDistinct([logs, ...services]);
  const shared = {
    ...context,
    services: [logs, ...services],
    limits: { ...limits, frameTimeoutMs },
    inHand: new InHandTotal(Math.max(LEAST_TOTAL_BYTES, LARGEST_MESSAGES_AT_ONCE * limits.maxMessageBytes)),
  };
  return TcpListener.listen(listener, shared, (socket) => new ThriftConnection(socket, shared));
}
