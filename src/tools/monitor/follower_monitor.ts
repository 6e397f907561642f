import type { Logger } from '../../base/logger.ts';
import type { FollowerFigures } from '../../monitor/archive_figures.ts';
import { bindGroup } from '../../monitor/exposition.ts';
import { FOLLOWER_GROUP } from '../../monitor/metrics/archive_metrics.ts';
import { PROCESS_GROUP } from '../../monitor/metrics/process_metrics.ts';
import { ProcessFigures } from '../../monitor/process_figures.ts';
import { monitorRoutes } from '../../monitor/server/monitor_routes.ts';
import { readFollowers } from './archive_watch.ts';
import { serveMetrics, type MetricsSettings } from './serve_metrics.ts';

export interface WatchedFollower {
  /** The archive. */
  readonly folder: string;
  readonly name: string;
}

/** Answers on METRICS_PORT, where there is one, until disposed of: how far one follower is. Rejects where the port can't be had. */
export async function openFollowerMonitor(
  settings: MetricsSettings,
  { folder, name }: WatchedFollower,
  log: Logger,
): Promise<AsyncDisposable | undefined> {
  if (settings.METRICS_PORT === undefined) return undefined;
  await using opened = new AsyncDisposableStack();
  const process = opened.use(new ProcessFigures());
  let followers: readonly FollowerFigures[] = [];
  const routes = monitorRoutes({
    groups: [bindGroup(FOLLOWER_GROUP, () => ({ followers })), bindGroup(PROCESS_GROUP, () => process)],
    troubleOf: () => undefined,
    async refresh() {
      followers = (await readFollowers(folder)).filter((one) => one.name === name);
    },
  });
  opened.use(await serveMetrics(settings, routes, log));
  return opened.move();
}
