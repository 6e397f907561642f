/** What runs beside the receiver, each only where it is wanted: its code is loaded then. */
import type { Logger } from '../../../base/logger.ts';
import { needPackage } from '../../../base/optional_package.ts';
import type { TlsMaterial } from '../../../base/tls_material.ts';
import type { ShownOption } from '../../../config/load.ts';
import type { Settings } from '../../../config/options.ts';
import type { Receiver } from '../../../receiver/receiver.ts';
import { outputsBeside } from '../../../tools/http_settings.ts';
import { isStoreShared, outputSettings } from '../../../tools/output_settings.ts';
import { retentionOf } from '../retention.ts';

/** The event store and its service, if they are wanted. */
export async function eventsOf(settings: Settings, tls: TlsMaterial | undefined, log: Logger) {
  if (!settings.EVENTS_ENABLED) return undefined;
  needPackage('thrift', 'EVENTS_ENABLED');
  const { openEventsBeside } = await import('../../../tools/events/serve_events.ts');
  return openEventsBeside(settings, tls, log);
}

/** The threads of what follows the archive, if there are any. */
export async function followersOf(settings: Settings, log: Logger): Promise<AsyncDisposable | undefined> {
  if (settings.COMMIT_LOG !== 'archive') return undefined;
  const outputs = outputsBeside(settings).filter((name) => name !== 'events' || !isStoreShared(settings));
  if (outputs.length === 0) return undefined;
  const { startFollowers } = await import('../../../outputs/followers.ts');
  return startFollowers(outputs, outputSettings(settings), log);
}

/** Where it is looked at, if anywhere. */
export async function monitorOf(
  settings: Settings,
  watched: {
    readonly receiver: Receiver;
    readonly shownOptions: () => readonly ShownOption[];
  },
  log: Logger,
): Promise<AsyncDisposable | undefined> {
  if (settings.METRICS_PORT === undefined && !settings.DASHBOARD_ENABLED) return undefined;
  const { openReceiverMonitor } = await import('../../../tools/monitor/receiver_monitor.ts');
  const hasArchive = settings.COMMIT_LOG === 'archive';
  return openReceiverMonitor(settings, { ...watched, hasArchive }, log);
}

/** What the archive and its outputs take is told from time to time, until the result is called; the code to look is loaded when it is time to. */
export async function startDiskReport(settings: Settings, log: Logger): Promise<() => void> {
  if (settings.COMMIT_LOG !== 'archive') return () => undefined;
  const { reportDisk } = await import('../../../tools/disk_report.ts');
  return reportDisk(async () => {
    const { diskUsage } = await import('../../../tools/disk.ts');
    return diskUsage(outputSettings(settings), retentionOf(settings));
  }, log);
}
