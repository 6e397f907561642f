import type { Logger } from '../../base/logger.ts';
import { bindGroup } from '../../monitor/exposition.ts';
import { DRAINER_GROUP, type DrainerReading } from '../../monitor/metrics/drainer_metrics.ts';
import { PROCESS_GROUP } from '../../monitor/metrics/process_metrics.ts';
import { ProcessFigures } from '../../monitor/process_figures.ts';
import { monitorRoutes } from '../../monitor/server/monitor_routes.ts';
import { serveMetrics, type MetricsSettings } from './serve_metrics.ts';

/** Answers on METRICS_PORT, where there is one, until disposed of: what a drainer has moved. Rejects where the port can't be had. */
export async function openDrainerMonitor(
  settings: MetricsSettings,
  drainer: DrainerReading,
  log: Logger,
): Promise<AsyncDisposable | undefined> {
  if (settings.METRICS_PORT === undefined) return undefined;
  await using opened = new AsyncDisposableStack();
  const process = opened.use(new ProcessFigures());
  const routes = monitorRoutes({
    groups: [bindGroup(DRAINER_GROUP, () => drainer), bindGroup(PROCESS_GROUP, () => process)],
    troubleOf: () => (drainer.isTroubled ? 'Redis or the disk keep it from draining' : undefined),
  });
  opened.use(await serveMetrics(settings, routes, log));
  return opened.move();
}
