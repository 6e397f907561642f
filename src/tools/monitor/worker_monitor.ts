import type { Logger } from '../../base/logger.ts';
import type { Nats } from '../../jetstream/connection.ts';
import { streamOf } from '../../jetstream/names.ts';
import type { StreamNames } from '../../jetstream/shipper_messages.ts';
import type { Worker } from '../../jetstream/worker.ts';
import { bindGroup } from '../../monitor/exposition.ts';
import { PROCESS_GROUP } from '../../monitor/metrics/process_metrics.ts';
import { WORKER_GROUP } from '../../monitor/metrics/worker_metrics.ts';
import { ProcessFigures } from '../../monitor/process_figures.ts';
import { monitorRoutes } from '../../monitor/server/monitor_routes.ts';
import type { WorkerPartition } from '../../monitor/worker_figures.ts';
import type { WorkLog } from '../work/work_log.ts';
import { serveMetrics, type MetricsSettings } from './serve_metrics.ts';

export interface WatchedWorker {
  readonly working: Worker;
  readonly report: WorkLog;
  readonly nats: Nats;
  readonly names: StreamNames;
}

/** Answers on METRICS_PORT, where there is one, until disposed of: how far a worker is. Rejects where the port can't be had. */
export async function openWorkerMonitor(
  settings: MetricsSettings,
  watched: WatchedWorker,
  log: Logger,
): Promise<AsyncDisposable | undefined> {
  if (settings.METRICS_PORT === undefined) return undefined;
  await using opened = new AsyncDisposableStack();
  const process = opened.use(new ProcessFigures());
  const { report } = watched;
  let partitions: readonly WorkerPartition[] = [];
  const read = () => ({ counts: report.counts, isTroubled: report.trouble !== undefined, partitions });
  const routes = monitorRoutes({
    groups: [bindGroup(WORKER_GROUP, read), bindGroup(PROCESS_GROUP, () => process)],
    troubleOf: () => report.trouble,
    async refresh() {
      // While NATS is away the figures stay as they were.
      partitions = await partitionsOf(watched).catch(() => partitions);
    },
  });
  opened.use(await serveMetrics(settings, routes, log));
  return opened.move();
}

const partitionsOf = ({ working, nats, names }: WatchedWorker): Promise<WorkerPartition[]> =>
  Promise.all(
    working.held.map(async (held) => {
      const stream = streamOf(names.stream, held.partition);
      const { state } = await nats.ask(() => nats.manager.streams.info(stream));
      return { ...held, last: state.last_seq, streamBytes: state.bytes };
    }),
  );
