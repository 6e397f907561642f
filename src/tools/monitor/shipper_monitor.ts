import type { Logger } from '../../base/logger.ts';
import type { Settings } from '../../config/options.ts';
import { bindGroup } from '../../monitor/exposition.ts';
import { PROCESS_GROUP } from '../../monitor/metrics/process_metrics.ts';
import {
  PROCESSOR_GROUP,
  SHIPPER_GROUP,
  type ProcessorReading,
  type ShipperReading,
} from '../../monitor/metrics/shipper_metrics.ts';
import { ProcessFigures } from '../../monitor/process_figures.ts';
import { monitorRoutes } from '../../monitor/server/monitor_routes.ts';
import { serveMetrics } from './serve_metrics.ts';

export interface WatchedShipper {
  readonly shipper: () => ShipperReading;
  readonly processed: ProcessorReading | undefined;
}

/** Answers on METRICS_PORT until disposed of; a shipper is ready while it is connected. Rejects where the port can't be had. */
export async function openShipperMonitor(
  settings: Settings,
  { shipper, processed }: WatchedShipper,
  log: Logger,
): Promise<AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const process = opened.use(new ProcessFigures());
  const routes = monitorRoutes({
    groups: [
      bindGroup(SHIPPER_GROUP, shipper),
      bindGroup(PROCESSOR_GROUP, () => processed),
      bindGroup(PROCESS_GROUP, () => process),
    ],
    troubleOf: () => (shipper().isConnected ? undefined : 'there is no connection to the receiver'),
  });
  opened.use(await serveMetrics(settings, routes, log));
  return opened.move();
}
