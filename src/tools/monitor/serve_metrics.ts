import type { Logger } from '../../base/logger.ts';
import type { Settings } from '../../config/options.ts';
import { tokenGuard } from '../../monitor/server/guard.ts';
import { startMonitorServer, type MonitorRoute } from '../../monitor/server/monitor_server.ts';

/** The options of a process that is looked at by programs. */
export type MetricsSettings = Pick<Settings, 'METRICS_HOST' | 'METRICS_PORT' | 'METRICS_TOKEN'>;

/** Answers these routes on METRICS_PORT, where there is one, and says so. Rejects where it can't be had. */
export async function serveMetrics(
  { METRICS_HOST: host, METRICS_PORT: port, METRICS_TOKEN: token }: MetricsSettings,
  routes: readonly MonitorRoute[],
  log: Logger,
): Promise<AsyncDisposable | undefined> {
  if (port === undefined) return undefined;
  const options = { host, port, routes, guard: tokenGuard(token), log };
  const server = await startMonitorServer(options).catch((error: unknown) => {
    throw new Error(`METRICS_PORT can't be had: ${(error as Error).message}`, { cause: error });
  });
  log.info({ metricsHost: host, metricsPort: server.port }, `metrics on ${server.url}/metrics`);
  return server;
}
