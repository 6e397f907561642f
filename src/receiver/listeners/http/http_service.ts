/** The HTTP way in, whole: its buffer, its routes, its listener. */
import type { ReceiverLog } from '../../../archive/commit_log.ts';
import type { SegmentFormat } from '../../../archive/format.ts';
import type { TlsMaterial } from '../../../base/tls_material.ts';
import { HttpCounts } from '../../../monitor/http_counts.ts';
import type { Ledger } from '../../../monitor/ledger.ts';
import type { UserBuffer } from '../../../users/user_buffer.ts';
import type { UserFiles } from '../../../users/user_files.ts';
import type { Access } from '../../access.ts';
import { GroupCommit } from '../../group_commit.ts';
import type { PeerLog } from '../../peer_log.ts';
import { ArchiveBuffer, HTTP_SHIPPER_NAME, httpTroubleOf } from './archive_buffer.ts';
import { FallbackBuffer } from './fallback_buffer.ts';
import { drainRoute } from './drain_route.ts';
import { HttpListener, type HttpListenerOptions } from './http_listener.ts';
import type { LogBodyLimits } from './log_events.ts';
import { logRoute } from './log_route.ts';
import { openApiRoute } from './openapi.ts';
import { probeRoutes } from './probe_routes.ts';
import { statsRoute } from './stats_route.ts';
import { userLogsRoute } from './user_logs_route.ts';

export interface HttpOptions {
  readonly listener: HttpListenerOptions;
  readonly limits: LogBodyLimits;
  readonly files: UserFiles;
  /** In place of the archive. */
  readonly redis?: RedisBuffer;
  /** With Redis: while it is away, the archive. */
  readonly isArchiveFallback?: boolean;
  /** Takes events, and answers nothing about them: the files of users are elsewhere. */
  readonly isLogOnly?: boolean;
}

/** As far as HTTP knows it. */
export interface RedisBuffer extends UserBuffer {
  /** Why it takes nothing at the moment, if so. */
  readonly trouble: string | undefined;
}

export interface HttpArchive {
  readonly archive: ReceiverLog;
  readonly folder: string;
  readonly format: SegmentFormat;
  readonly level: number;
  readonly now: () => number;
}

export interface HttpContext {
  readonly archive?: HttpArchive;
  readonly access: Access;
  readonly ledger: Ledger;
  readonly peers: PeerLog;
}

export interface HttpService {
  readonly port: number;
  readonly counts: HttpCounts;
  /** As HttpListener.replaceCertificate. */
  replaceCertificate(material: TlsMaterial): void;
  /** Accepts no more and answers what has been asked. The archive, the files and Redis stay open. */
  stop(): Promise<void>;
}

/** Listens. Throws where it has neither an archive nor Redis. */
export async function startHttp(options: HttpOptions, context: HttpContext): Promise<HttpService> {
  const { limits, files, isLogOnly = false } = options;
  const { access, ledger } = context;
  const { buffer, troubleOf } = await bufferOf(options, context);
  const counts = new HttpCounts();
  const routes = [
    logRoute({ buffer, limits, ledger, counts }),
    ...(isLogOnly
      ? []
      : [statsRoute({ buffer, files }), drainRoute(buffer), userLogsRoute({ buffer, files })]),
    ...probeRoutes({ ledger, counts, troubleOf }),
  ];
  const listener = await HttpListener.listen(options.listener, {
    ...context,
    counts,
    routes: [...routes, openApiRoute(routes, access.isTokenWanted)],
  });
  return {
    port: listener.port,
    counts,
    replaceCertificate: (material) => listener.replaceCertificate(material),
    async stop() {
      await listener.stop();
      await buffer[Symbol.asyncDispose]();
    },
  };
}

interface Chosen {
  readonly buffer: UserBuffer;
  /** Why it takes nothing at the moment, if so. */
  readonly troubleOf: () => string | undefined;
}

async function bufferOf(
  { redis, files, isArchiveFallback = false }: HttpOptions,
  { archive, ledger }: HttpContext,
): Promise<Chosen> {
  const isArchived = redis === undefined || isArchiveFallback;
  const archived = isArchived && archive ? await archiveBuffer(archive, files) : undefined;
  const archiveTrouble = (): string | undefined => archive && httpTroubleOf(archive.archive)?.message;
  if (redis === undefined) {
    if (archived === undefined) throw new Error('HTTP needs an archive or Redis to keep what it takes');
    return { buffer: archived, troubleOf: archiveTrouble };
  }
  const counted = countingStored(redis, ledger);
  if (archived === undefined) return { buffer: counted, troubleOf: () => redis.trouble };
  return {
    buffer: new FallbackBuffer(counted, archived),
    troubleOf: () => (redis.trouble === undefined ? undefined : archiveTrouble()),
  };
}

/** What Redis keeps is counted here; the archive counts its own. Who opened Redis closes it. */
const countingStored = (redis: UserBuffer, ledger: Ledger): UserBuffer => ({
  async add(entries) {
    await redis.add(entries);
    ledger.stored += entries.length;
  },
  waiting: () => redis.waiting(),
  drain: () => redis.drain(),
  linesOf: (userId, day, signal) => redis.linesOf(userId, day, signal),
  [Symbol.asyncDispose]: () => Promise.resolve(),
});

async function archiveBuffer(
  { archive, folder, format, level, now }: HttpArchive,
  files: UserFiles,
): Promise<ArchiveBuffer> {
  const commit = await GroupCommit.create({
    name: HTTP_SHIPPER_NAME + archive.localSuffix,
    log: archive,
    format,
    level,
    now,
  });
  return new ArchiveBuffer({ archive, folder, files, commit });
}
