/** What the archive and its outputs take, as a line of the receiver's log from time to time. */
import type { Logger } from '../base/logger.ts';
import type { DiskUsage } from './disk.ts';
import { showBytes } from './table.ts';

const EVERY_MS = 60_000;

/** An archive of very many segments takes a while to look at: it is not looked at for more than a hundredth of the time. */
const PAUSE_SHARE = 100;

/** Once a minute tells what `look` finds, where it is not what was told before. The answer stops it. */
export function reportDisk(look: () => Promise<DiskUsage>, log: Logger, everyMs = EVERY_MS): () => void {
  let told = '';
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  const tell = async (): Promise<void> => {
    const startedAt = performance.now();
    try {
      const usage = await look();
      const used = usedBy(usage);
      if (used !== told && !isStopped)
        log.info(diskFigures(usage), `[METRIC] Disk used: ${used}, free ${showBytes(usage.freeBytes)}`);
      told = used;
    } catch (error) {
      log.warn({ err: error }, `disk usage is not known: ${(error as Error).message}`);
    }
    wait(Math.max(everyMs, PAUSE_SHARE * (performance.now() - startedAt)));
  };
  const wait = (ms: number): void => {
    if (!isStopped) timer = setTimeout(() => void tell(), ms).unref();
  };
  wait(everyMs);
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}

/** `archive 12.0 MiB in 3 segments, csv 40.1 MiB (0 B behind)` */
const usedBy = ({ bytes, segments, outputs }: DiskUsage): string =>
  [
    `archive ${showBytes(bytes)} in ${segments} ${segments === 1 ? 'segment' : 'segments'}`,
    ...outputs.map((one) => `${one.name} ${showBytes(one.bytes)} (${showBytes(one.behindBytes)} behind)`),
  ].join(', ');

const diskFigures = ({ bytes, segments, kept, outputs, freeBytes }: DiskUsage): object => ({
  archiveBytes: bytes,
  segments,
  ...{ damagedBytes: kept.damaged, rejectedBytes: kept.rejected, freeBytes },
  outputs: Object.fromEntries(
    outputs.map(({ name, bytes: taken, behindBytes, entries, malformed, lost }) => [
      name,
      { bytes: taken, behindBytes, entries, malformed, lost },
    ]),
  ),
});
