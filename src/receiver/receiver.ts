/**
 * The receiver: sockets in, a durable archive out.
 *
 *     TCP ═▶ session ─▶ check ─▶ archive (one writev, one fdatasync a group) ─▶ ack
 *     plain TCP ═▶ session ─▶ block builder ─┤
 *     HTTP ═▶ events ─▶ block builder ───────┤
 *     Thrift ═▶ calls ─▶ block builder ──────┘
 */
import type { ArchiveOptions } from '../archive/archive.ts';
import type { ReceiverLog } from '../archive/commit_log.ts';
import { FORMATS } from '../archive/format.ts';
import { ByteBudget } from '../base/byte_budget.ts';
import type { Logger } from '../base/logger.ts';
import type { TlsMaterial } from '../base/tls_material.ts';
import type { HttpCounts } from '../monitor/http_counts.ts';
import { Ledger } from '../monitor/ledger.ts';
import { reportThroughput } from '../monitor/report.ts';
import type { PlainLimits } from '../wire/plain.ts';
import { Access, OPEN_TO_ALL, type AccessOptions } from './access.ts';
import { BlockBuilder } from './block_builder.ts';
import type { HttpContext, HttpOptions, HttpService } from './listeners/http/http_service.ts';
import { TcpListener, type TcpListenerOptions } from './listeners/tcp.ts';
import type { ThriftOptions, ThriftReceiverContext } from './listeners/thrift/thrift_service.ts';
import { openLog, type OpenSharedLog, type SharedLog } from './open_log.ts';
import { PeerLog } from './peer_log.ts';
import { RejectedFile } from './rejected_file.ts';
import { Session, type SessionLimits } from './session.ts';
import { ShipperRegistry } from './shipper_registry.ts';

export interface ReceiverOptions {
  /** Left out where nothing but HTTP or Thrift is taken. */
  readonly tcp?: TcpListenerOptions;
  readonly http?: HttpOptions;
  readonly thrift?: ThriftOptions;
  readonly limits: SessionLimits & PlainLimits & { readonly maxBatchBytes: number };
  /** Its folder is the receiver's own in any case, and its format that of all it stores. */
  readonly archive: Omit<ArchiveOptions, 'report' | 'now'>;
  /** Opens a log in place of the archive. */
  readonly openSharedLog?: OpenSharedLog;
  /** For what arrives uncompressed or in another format than the archive's. */
  readonly archiveLevel: number;
  /** Who may ship; everybody where it is left out. */
  readonly access?: AccessOptions;
  readonly log: Logger;
  readonly now?: () => number;
}

/** What plain peers send waits this long for company in a block: they get no answer that would wait with it. */
const PLAIN_LINGER_MS = 100;

/** Decompressed bytes in memory at once, over all connections, in batches of the largest size allowed. */
const LARGEST_BATCHES_INFLATING = 2;

export interface Receiver extends AsyncDisposable {
  /** Of TCP; 0 where it does not listen. */
  readonly port: number;
  readonly httpPort: number | undefined;
  readonly thriftPort: number | undefined;
  readonly ledger: Ledger;
  /** Of HTTP; undefined where it does not listen. */
  readonly httpCounts: HttpCounts | undefined;
  /** Why not all is being acknowledged at the moment, or undefined while all is well. */
  readonly trouble: Error | undefined;
  /** How it is, for whoever watches. */
  readonly health: Health;
  /** From now on these tokens let in; connections that came with another are ended. */
  replaceTokens(tokens: readonly string[]): void;
  /** New connections are shown this certificate; those that are open stay. Throws, and changes nothing, where it is no use. */
  replaceCertificate(material: TlsMaterial): void;
}

export type Health =
  | { readonly state: 'ok' | 'stopping' }
  /** The archive can't be written, or the disk does not come back: windows fill, reading stops; it goes on by itself once the disk does. */
  | { readonly state: 'not_acknowledging'; readonly reason: string };

/** Opens the archive and listens. Disposing of it settles and acknowledges what is in hand, then closes the segment. */
export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  const { log, now = Date.now, archiveLevel: level } = options;
  const ledger = new Ledger();
  let giveUp = (): void => undefined;
  const { log: archive, shared } = await openLog({
    archive: options.archive,
    ...(options.openSharedLog === undefined ? {} : { openShared: options.openSharedLog }),
    ledger,
    log,
    now,
    onTrouble: () => giveUp(),
  });
  const limits = limitsOf(options.limits, shared);
  const access = await orClose(
    archive,
    Access.open(options.access ?? OPEN_TO_ALL, options.archive.folder, shared?.bindings),
  );
  const format = FORMATS[options.archive.format];
  const plain = await orClose(
    archive,
    BlockBuilder.create({
      name: `plain${archive.localSuffix}`,
      log: archive,
      format,
      level,
      lingerMs: PLAIN_LINGER_MS,
      now,
    }),
  );
  const peers = new PeerLog(log);
  const context = {
    limits,
    room: () => roomOf(limits, shared),
    check: { ...limits, format, level },
    archive,
    plain,
    rejected: new RejectedFile(options.archive.folder),
    shippers: new ShipperRegistry(),
    inflating: new ByteBudget(limits.maxBatchBytes * LARGEST_BATCHES_INFLATING),
    access,
    ledger,
    log,
    peers,
    now,
  };
  const http = await orClose(
    archive,
    httpOf(options.http, {
      ...context,
      archive: { archive, folder: options.archive.folder, format, level, now },
    }),
  );
  const listener =
    options.tcp &&
    (await orClose(
      archive,
      TcpListener.listen(options.tcp, context, (socket) => new Session(socket, context)),
      http,
    ));
  const thrift = await orClose(
    archive,
    thriftOf(options.thrift, { ...context, format, level }),
    http,
    listener,
  );
  const stopReporting = reportThroughput(ledger, log);
  let closing: Promise<void> | undefined;
  /** A disk that takes nothing does not hold up a stop: one last try, then what is in hand is refused. */
  const close = async (): Promise<void> => {
    const stopped = Promise.all([listener?.stop(), http?.stop(), thrift?.stop()]);
    plain.flush();
    giveUp = () => void archive[Symbol.asyncDispose]().catch(() => undefined);
    if (archive.trouble !== undefined) giveUp();
    await stopped;
    try {
      await archive[Symbol.asyncDispose]();
    } finally {
      stopReporting();
      peers.end();
      log.info(booksOf(ledger), 'receiver stopped');
    }
  };
  return {
    port: listener?.port ?? 0,
    httpPort: http?.port,
    thriftPort: thrift?.port,
    httpCounts: http?.counts,
    ledger,
    get trouble() {
      return archive.trouble;
    },
    get health(): Health {
      const trouble = archive.standstill ?? archive.stall;
      if (trouble !== undefined) return { state: 'not_acknowledging', reason: trouble.message };
      return { state: closing === undefined ? 'ok' : 'stopping' };
    },
    replaceTokens(tokens: readonly string[]) {
      access.replaceTokens(tokens);
      listener?.checkPasses();
      thrift?.checkPasses();
    },
    replaceCertificate(material: TlsMaterial) {
      listener?.replaceCertificate(material);
      http?.replaceCertificate(material);
      thrift?.replaceCertificate(material);
    },
    [Symbol.asyncDispose]: () => (closing ??= close()),
  };
}

/** Loaded only where it is asked for. */
async function httpOf(
  options: HttpOptions | undefined,
  context: HttpContext,
): Promise<HttpService | undefined> {
  if (options === undefined) return undefined;
  const { startHttp } = await import('./listeners/http/http_service.ts');
  return startHttp(options, context);
}

/** Loaded only where it is asked for. */
async function thriftOf(
  options: ThriftOptions | undefined,
  context: ThriftReceiverContext,
): Promise<TcpListener | undefined> {
  if (options === undefined) return undefined;
  const { startThrift } = await import('./listeners/thrift/thrift_service.ts');
  return startThrift(options, context);
}

/** What `opening` settles with; where it fails the archive is left to the next receiver. */
async function orClose<T>(
  archive: ReceiverLog,
  opening: Promise<T>,
  ...open: readonly ({ stop(): Promise<void> } | undefined)[]
): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    for (const listener of open) await listener?.stop();
    await archive[Symbol.asyncDispose]();
    throw error;
  }
}

type Limits = ReceiverOptions['limits'];
type Room = Pick<Limits, 'maxFrameBytes' | 'maxBatchBytes'>;

/** A batch has to fit into whatever keeps it. */
const limitsOf = (limits: Limits, shared: SharedLog | undefined): Limits => ({
  ...limits,
  ...roomOf(limits, shared),
});

/** What fits at the moment: a shared log may have less room than at the start. */
function roomOf({ maxFrameBytes, maxBatchBytes }: Limits, shared: SharedLog | undefined): Room {
  const most = shared?.maxBatchBytes ?? Infinity;
  return { maxFrameBytes: Math.min(maxFrameBytes, most), maxBatchBytes: Math.min(maxBatchBytes, most) };
}

const BOOKS = ['received', 'stored', 'repeated', 'rejected', 'refused', 'lost', 'inHand', 'errors'] as const;

const booksOf = (ledger: Ledger): object => Object.fromEntries(BOOKS.map((book) => [book, ledger[book]]));
