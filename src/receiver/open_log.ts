/** The log that a receiver writes: an archive of its own, or one that it shares. */
import { Archive, type ArchiveOptions, type ArchiveReport } from '../archive/archive.ts';
import type { LogReport, ReceiverLog } from '../archive/commit_log.ts';
import { systemDisk } from '../archive/disk.ts';
import type { Logger } from '../base/logger.ts';
import type { Ledger } from '../monitor/ledger.ts';
import type { Bindings } from './id_bindings.ts';
import { measuredDisk } from './measured_disk.ts';

/** A log that receivers share, in place of an archive. */
export interface SharedLog extends ReceiverLog {
  /** A batch may be no longer, neither before compression nor as a frame; of the server that is asked now. */
  readonly maxBatchBytes: number;
  /** Which shipper id belongs to whom, for all receivers. */
  readonly bindings: Bindings;
}

/** What a shared log has to say besides answers. */
export interface SharedLogReport extends LogReport {
  /** A block was stored so long after it was handed over. */
  published?(seconds: number): void;
  /** It did not do as asked, and is asked again. */
  failed?(): void;
}

export type OpenSharedLog = (report: SharedLogReport) => Promise<SharedLog>;

export interface LogOptions {
  readonly archive: Omit<ArchiveOptions, 'report' | 'now'>;
  readonly openShared?: OpenSharedLog;
  readonly ledger: Ledger;
  readonly log: Logger;
  readonly now: () => number;
  /** Called at each outage's begin, besides what is told. */
  readonly onTrouble: () => void;
}

/** Opens the archive where no other log is wanted. Rejects as `Archive.open` does, or as the shared log. */
export async function openLog(options: LogOptions): Promise<{ log: ReceiverLog; shared?: SharedLog }> {
  const { archive, openShared, ledger, now } = options;
  if (openShared !== undefined) {
    const shared = await openShared(sharedReport(options));
    return { log: shared, shared };
  }
  const disk = measuredDisk(archive.disk ?? systemDisk, ledger.syncs);
  return { log: await Archive.open({ ...archive, disk, now, report: archiveReport(options) }) };
}

const archiveReport = ({ ledger, log, onTrouble }: LogOptions): ArchiveReport => ({
  stored: (block) => ledger.store(block),
  found: (finding) => log.warn(finding),
  deleted({ name, bytes }) {
    ledger.deletedSegments += 1;
    ledger.deletedBytes += bytes;
    log.info({ segment: name, bytes }, `retention deleted ${name}`);
  },
  troubled(error) {
    ledger.isAcknowledging = false;
    log.error({ err: error }, `the archive can't be written, nothing is acknowledged: ${error.message}`);
    onTrouble();
  },
  recovered() {
    ledger.isAcknowledging = true;
    log.info('the archive is written again');
  },
  stalled(stall) {
    ledger.isAcknowledging = stall === undefined;
    if (stall === undefined) log.info('the disk takes data again');
    else log.error(`nothing is acknowledged: ${stall.message}`);
  },
});

const sharedReport = ({ ledger, log, onTrouble }: LogOptions): SharedLogReport => ({
  stored: (block) => ledger.store(block),
  found: (finding) => log.warn(finding),
  troubled(error) {
    ledger.isAcknowledging = false;
    log.error(`what it concerns is not acknowledged: ${error.message}`);
    onTrouble();
  },
  recovered() {
    ledger.isAcknowledging = true;
    log.info('the stream takes all again');
  },
  published: (seconds) => ledger.publishes.observe(seconds),
  failed: () => (ledger.publishFailures += 1),
});
