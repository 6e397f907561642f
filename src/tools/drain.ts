/** What moves entries from Redis to the files of users: the command `drain`, and the drainer beside a receiver. */
import { resolve } from 'node:path';
import type { Logger } from '../base/logger.ts';
import type { Settings } from '../config/options.ts';
import { keepDraining } from '../users/redis/keep_draining.ts';
import { RedisBuffer } from '../users/redis/redis_buffer.ts';
import { UserFiles } from '../users/user_files.ts';
import { openDrainerMonitor } from './monitor/drainer_monitor.ts';

/** The files of users, as the options say. */
export const openUserFiles = (settings: Settings): Promise<UserFiles> =>
  UserFiles.open(resolve(settings.OUTPUT_DIR, settings.USER_FILES_DIR));

/** Redis as a buffer before these files, which stay the caller's. */
export function openRedisBuffer(settings: Settings, files: UserFiles, log: Logger): RedisBuffer {
  return new RedisBuffer({
    url: settings.REDIS_URL,
    files,
    pattern: settings.DRAIN_PATTERN,
    keyExpirationSeconds: settings.REDIS_KEY_EXPIRATION,
    troubled: (error) => log.error(`Redis is away: ${error.message}`),
    recovered: () => log.info('Redis is back'),
    found: (finding) => log.warn(finding),
  });
}

/** Drains beside a receiver, where that is wanted; disposing of the answer ends it. */
export function drainBeside(settings: Settings, buffer: RedisBuffer, log: Logger): AsyncDisposable {
  const stop = new AbortController();
  const running = settings.DRAIN_ENABLED
    ? drainAgainAndAgain(settings, buffer, stop.signal, log)
    : Promise.resolve();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

/** Drains every DRAIN_INTERVAL until the signal aborts; `done` is kept up to date. */
export async function drainAgainAndAgain(
  settings: Settings,
  { drainer }: Pick<RedisBuffer, 'drainer'>,
  signal: AbortSignal,
  log: Logger,
  done = { entries: 0, files: 0, isTroubled: false },
): Promise<void> {
  await keepDraining({
    drainer,
    intervalMs: settings.DRAIN_INTERVAL * 1000,
    signal,
    troubled(error) {
      done.isTroubled = true;
      log.error(`draining stops until it works again: ${error.message}`);
    },
    recovered() {
      done.isTroubled = false;
      log.info('draining again');
    },
    drained({ entries, files }) {
      done.entries += entries;
      done.files += files;
      if (entries > 0) log.info({ entries, files }, `drained ${entries} entries into ${files} files`);
    },
  });
}

/** It may be started together with Redis. */
const REDIS_WITHIN_MS = 10_000;

/** Drains, once where wished, until the signal aborts. */
export async function drain(
  settings: Settings,
  { isOnce }: { readonly isOnce: boolean },
  signal: AbortSignal,
  log: Logger,
): Promise<void> {
  await using files = await openUserFiles(settings);
  await using buffer = openRedisBuffer(settings, files, log);
  if (!isOnce) {
    log.info({ folder: files.folder }, `draining Redis into ${files.folder}`);
    const done = { entries: 0, files: 0, isTroubled: false };
    await using watched = new AsyncDisposableStack();
    watched.use(await openDrainerMonitor(settings, done, log));
    await drainAgainAndAgain(settings, buffer, signal, log, done);
    return;
  }
  await buffer.ready(REDIS_WITHIN_MS);
  const { entries, files: count } = await buffer.drainer.drain(signal);
  log.info({ entries, files: count }, `drained ${entries} entries into ${count} files`);
}
