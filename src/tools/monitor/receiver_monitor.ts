/** The monitor of a receiver: metrics and probes on a port of their own, and on the dashboard's where there is one. */
import type { Logger } from '../../base/logger.ts';
import type { ShownOption } from '../../config/load.ts';
import type { Settings } from '../../config/options.ts';
import { bindGroup, type BoundGroup } from '../../monitor/exposition.ts';
import { Live } from '../../monitor/live.ts';
import { ARCHIVE_GROUP, FOLLOWER_GROUP } from '../../monitor/metrics/archive_metrics.ts';
import { HTTP_GROUP } from '../../monitor/metrics/http_metrics.ts';
import { PROCESS_GROUP } from '../../monitor/metrics/process_metrics.ts';
import { RECEIVER_GROUP } from '../../monitor/metrics/receiver_metrics.ts';
import { THRIFT_GROUP } from '../../monitor/metrics/thrift_metrics.ts';
import { ProcessFigures } from '../../monitor/process_figures.ts';
import { liveRoute, monitorRoutes } from '../../monitor/server/monitor_routes.ts';
import { startMonitorServer, type MonitorRoute } from '../../monitor/server/monitor_server.ts';
import type { Receiver } from '../../receiver/receiver.ts';
import { ArchiveWatch } from './archive_watch.ts';
import { serveMetrics } from './serve_metrics.ts';

export interface WatchedReceiver {
  readonly receiver: Receiver;
  /** False where Redis takes the place of the archive. */
  readonly hasArchive: boolean;
  /** What the options are set to, for people. */
  readonly shownOptions: () => readonly ShownOption[];
}

/** Listens, where the options ask for it. Disposing of the answer ends it; the receiver stays as it is. Rejects where an address can't be had. */
export async function openReceiverMonitor(
  settings: Settings,
  { receiver, hasArchive, shownOptions }: WatchedReceiver,
  log: Logger,
): Promise<AsyncDisposable | undefined> {
  if (settings.METRICS_PORT === undefined && !settings.DASHBOARD_ENABLED) return undefined;
  await using opened = new AsyncDisposableStack();
  const process = opened.use(new ProcessFigures());
  const archive = hasArchive ? archiveWatch(settings, log) : undefined;
  const refresh = async (): Promise<void> => archive?.refresh();
  await refresh();
  const { ledger } = receiver;
  const live = opened.use(
    new Live({ ledger, health: () => receiver.health, archive: () => archive?.figures, process }),
  );
  const groups = groupsOf(receiver, archive, process);
  const subject = { groups, troubleOf: () => troubleOf(receiver), refresh };
  const routes = (pageUrl?: string) => [...monitorRoutes(subject, pageUrl), liveRoute(live, refresh)];
  opened.use(await serveMetrics(settings, routes(), log));
  if (settings.DASHBOARD_ENABLED)
    opened.use(await serveDashboard(settings, { live, hasArchive, shownOptions, routes: routes('/') }, log));
  return opened.move();
}

const groupsOf = (
  receiver: Receiver,
  archive: ArchiveWatch | undefined,
  process: ProcessFigures,
): readonly BoundGroup[] => [
  bindGroup(RECEIVER_GROUP, () => receiver.ledger),
  bindGroup(HTTP_GROUP, () => receiver.httpCounts),
  bindGroup(THRIFT_GROUP, () => (receiver.thriftPort === undefined ? undefined : receiver.ledger.thrift)),
  bindGroup(ARCHIVE_GROUP, () => archive?.figures),
  bindGroup(FOLLOWER_GROUP, () => archive?.figures),
  bindGroup(PROCESS_GROUP, () => process),
];

interface DashboardSubject {
  readonly live: Live;
  readonly hasArchive: boolean;
  readonly shownOptions: () => readonly ShownOption[];
  /** What its listener answers besides. */
  readonly routes: readonly MonitorRoute[];
}

/** Answers the pages on DASHBOARD_PORT, and says so. */
async function serveDashboard(
  settings: Settings,
  { routes, ...subject }: DashboardSubject,
  log: Logger,
): Promise<AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const { openDashboardOf } = await import('./dashboard.ts');
  const pages = opened.use(await openDashboardOf(settings, subject, log));
  const { DASHBOARD_HOST: host, DASHBOARD_PORT: port } = settings;
  const { guard } = pages;
  const server = opened.use(
    await startMonitorServer({ host, port, routes: [...routes, ...pages.routes], guard, log }),
  );
  log.info({ dashboardHost: host, dashboardPort: server.port }, `dashboard on ${server.url}`);
  return opened.move();
}

function archiveWatch(settings: Settings, log: Logger): ArchiveWatch {
  const { DATA_DIR: folder, RETENTION_MAX_BYTES: maxBytes, RETENTION_MAX_AGE } = settings;
  return new ArchiveWatch({ folder, maxBytes, maxAgeMs: RETENTION_MAX_AGE * 1000 }, (error) =>
    log.warn(`the figures of the archive are not known: ${error.message}`),
  );
}

function troubleOf({ health }: Receiver): string | undefined {
  if (health.state === 'ok') return undefined;
  return health.state === 'not_acknowledging' ? health.reason : 'it is stopping';
}
