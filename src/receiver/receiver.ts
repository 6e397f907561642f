/**
 * The receiver: sockets in, a durable archive out.
 *
 *     TCP ═▶ session ─▶ check ─▶ archive (one writev, one fdatasync a group) ─▶ ack
 *     plain TCP ═▶ session ─▶ block builder ─┘
 */
import { Archive, type ArchiveOptions } from '../archive/archive.ts';
import { FORMATS } from '../archive/format.ts';
import { ByteBudget } from '../base/byte_budget.ts';
import type { Logger } from '../base/logger.ts';
import { Ledger } from '../monitor/ledger.ts';
import { reportThroughput } from '../monitor/report.ts';
import { BlockBuilder } from './block_builder.ts';
import { TcpListener, type TcpListenerOptions } from './listeners/tcp.ts';
import { RejectedFile } from './rejected_file.ts';
import type { SessionLimits } from './session.ts';
import { ShipperRegistry } from './shipper_registry.ts';

export interface ReceiverOptions {
  readonly tcp: TcpListenerOptions;
  readonly limits: SessionLimits & { readonly maxBatchBytes: number };
  readonly archive: Omit<ArchiveOptions, 'report' | 'now'>;
  /** For what arrives uncompressed or in another format than the archive's. */
  readonly archiveLevel: number;
  readonly log: Logger;
  readonly now?: () => number;
}

/** What plain peers send waits this long for company in a block: they get no answer that would wait with it. */
const PLAIN_LINGER_MS = 100;

/** Decompressed bytes in memory at once, over all connections, in batches of the largest size allowed. */
const LARGEST_BATCHES_INFLATING = 2;

export interface Receiver extends AsyncDisposable {
  readonly port: number;
  readonly ledger: Ledger;
  /** Why nothing is being acknowledged at the moment, or undefined while all is well. */
  readonly trouble: Error | undefined;
}

/** Opens the archive and listens. Disposing of it settles and acknowledges what is in hand, then closes the segment. */
export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  const { log, limits, now = Date.now, archiveLevel: level } = options;
  const ledger = new Ledger();
  const archive = await Archive.open({ ...options.archive, now, report: reportOf(ledger, log) });
  const format = FORMATS[options.archive.format];
  const plain = await BlockBuilder.create({
    name: 'plain',
    log: archive,
    format,
    level,
    lingerMs: PLAIN_LINGER_MS,
    now,
  });
  const context = {
    limits,
    check: { format, maxBatchBytes: limits.maxBatchBytes, level },
    archive,
    plain,
    rejected: new RejectedFile(options.archive.folder),
    shippers: new ShipperRegistry(),
    inflating: new ByteBudget(limits.maxBatchBytes * LARGEST_BATCHES_INFLATING),
    ledger,
    log,
    now,
  };
  const listener = await listen(options.tcp, context, archive);
  const stopReporting = reportThroughput(ledger, log);
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    const stopped = listener.stop();
    plain.flush();
    await stopped;
    await archive[Symbol.asyncDispose]();
    stopReporting();
    log.info({ ...booksOf(ledger) }, 'receiver stopped');
  };
  return {
    port: listener.port,
    ledger,
    get trouble() {
      return archive.trouble;
    },
    [Symbol.asyncDispose]: () => (closing ??= close()),
  };
}

async function listen(
  options: TcpListenerOptions,
  context: Parameters<typeof TcpListener.listen>[1],
  archive: Archive,
): Promise<TcpListener> {
  try {
    return await TcpListener.listen(options, context);
  } catch (error) {
    await archive[Symbol.asyncDispose]();
    throw error;
  }
}

const reportOf = (ledger: Ledger, log: Logger): ArchiveOptions['report'] & object => ({
  stored(block) {
    ledger.stored += block.count;
    ledger.batches += 1;
    ledger.rawBytes += block.rawLength;
    ledger.archivedBytes += block.body.length;
  },
  found: (finding) => log.warn(finding),
  troubled: (error) =>
    log.error({ err: error }, `the archive can't be written, nothing is acknowledged: ${error.message}`),
  recovered: () => log.info('the archive is written again'),
});

const booksOf = ({
  received,
  stored,
  repeated,
  rejected,
  refused,
  lost,
  inHand,
  errors,
}: Ledger): object => ({
  received,
  stored,
  repeated,
  rejected,
  refused,
  lost,
  inHand,
  errors,
});
