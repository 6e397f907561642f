/** What the options say of HTTP, and what it needs opened. */
import { resolve } from 'node:path';
import type { Logger } from '../base/logger.ts';
import { needPackage } from '../base/optional_package.ts';
import type { TlsMaterial } from '../base/tls_material.ts';
import type { Settings } from '../config/options.ts';
import type { OutputName } from '../outputs/plans.ts';
import type { HttpOptions } from '../receiver/listeners/http/http_service.ts';

/** HTTP's options, with what they need open; disposing of it closes that. */
export interface OpenedHttp extends AsyncDisposable {
  readonly options: HttpOptions;
}

type Buffers = Pick<Settings, 'HTTP_BUFFER' | 'HTTP_BUFFER_FALLBACK'>;

/** Whether what comes by HTTP goes, or may go, through the archive. */
export const isArchiveUsed = ({ HTTP_BUFFER, HTTP_BUFFER_FALLBACK }: Buffers): boolean =>
  HTTP_BUFFER === 'archive' || HTTP_BUFFER_FALLBACK === 'archive';

/** What follows the archive beside a receiver: OUTPUTS, and users where HTTP needs it. */
export function outputsBeside(settings: Settings): readonly OutputName[] {
  const { OUTPUTS, HTTP_ENABLED, DRAIN_ENABLED } = settings;
  const isUsersNeeded = HTTP_ENABLED && DRAIN_ENABLED && isArchiveUsed(settings);
  return isUsersNeeded && !OUTPUTS.includes('users') ? [...OUTPUTS, 'users'] : OUTPUTS;
}

/** Before it listens it waits so long for Redis, so that the first events need not be sent twice. */
const REDIS_WITHIN_MS = 2000;

/** Opens what HTTP needs besides the archive; drains Redis from then on, where that is wanted. */
export async function openHttp(
  settings: Settings,
  tls: TlsMaterial | undefined,
  log: Logger,
): Promise<OpenedHttp> {
  await using opened = new AsyncDisposableStack();
  const { UserFiles } = await import('../users/user_files.ts');
  const files = opened.use(await UserFiles.open(resolve(settings.OUTPUT_DIR, settings.USER_FILES_DIR)));
  const isLogOnly = settings.HTTP_LOG_ONLY || isFarFromFiles(settings);
  const common = { files, isLogOnly, limits: limitsOf(settings), listener: listenerOf(settings, tls) };
  if (settings.HTTP_BUFFER === 'archive') return { options: common, ...closing(opened) };
  needPackage('redis', 'HTTP_BUFFER=redis');
  const { drainBeside, openRedisBuffer } = await import('./drain.ts');
  const redis = opened.use(openRedisBuffer(settings, files, log));
  opened.use(drainBeside(settings, redis, log));
  // Where it is away that is told; it is waited for with 503s then.
  await redis.ready(REDIS_WITHIN_MS).catch(() => undefined);
  const isArchiveFallback = settings.HTTP_BUFFER_FALLBACK === 'archive';
  return { options: { ...common, redis, isArchiveFallback }, ...closing(opened) };
}

function closing(opened: AsyncDisposableStack): AsyncDisposable {
  const held = opened.move();
  return { [Symbol.asyncDispose]: () => held[Symbol.asyncDispose]() };
}

/** True where what comes goes to a stream: the files of users are written elsewhere. */
const isFarFromFiles = ({ COMMIT_LOG, HTTP_BUFFER }: Settings): boolean =>
  COMMIT_LOG === 'jetstream' && HTTP_BUFFER === 'archive';

const limitsOf = (settings: Settings): HttpOptions['limits'] => ({
  maxEntryBytes: settings.MAX_ENTRY_BYTES,
  maxDepth: settings.MAX_DEPTH,
  maxEvents: settings.HTTP_MAX_EVENTS,
});

const listenerOf = (settings: Settings, tls: TlsMaterial | undefined): HttpOptions['listener'] => ({
  host: settings.HTTP_HOST,
  port: settings.HTTP_PORT,
  maxConnections: settings.MAX_CONNECTIONS,
  maxConnectionsPerAddress: settings.MAX_CONNECTIONS_PER_ADDRESS,
  maxBodyBytes: settings.HTTP_MAX_BODY_BYTES,
  requestTimeoutMs: settings.HTTP_REQUEST_TIMEOUT * 1000,
  idleTimeoutMs: settings.HTTP_IDLE_TIMEOUT * 1000,
  rateLimit: { requestsPerMinute: settings.HTTP_REQUESTS_PER_MINUTE, burst: settings.HTTP_BURST },
  ...(tls === undefined ? {} : { tls }),
});
