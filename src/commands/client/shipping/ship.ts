import { createLogger, type Logger } from '../../../base/logger.ts';
import { stopSignal } from '../../../base/shutdown.ts';
import type { Settings } from '../../../config/options.ts';
import type { ProcessorReading, ShipperReading } from '../../../monitor/metrics/shipper_metrics.ts';
import type { ShaperOf } from '../../../shipper/shaper.ts';
import type { Source } from '../../../shipper/source.ts';
import { connectionOf, warnOfOpenLine } from './connection.ts';
import { processorsFor } from './processors.ts';
import { Shipping } from './shipping.ts';
import { shipperIdFor, spoolFor, type ShippingCommand } from './spool.ts';
import { startShipper } from './start_shipper.ts';

/** Ships what a source yields until that ends or the program is told to stop; sets the exit code. Throws ConfigError. */
export async function ship(
  command: ShippingCommand,
  paths: string[],
  settings: Settings,
  sourceOf: (log: Logger, shaperOf?: ShaperOf) => Source | Promise<Source>,
): Promise<void> {
  const connection = connectionOf(settings);
  let shown: Shipping | undefined = undefined as Shipping | undefined;
  const log = await createLogger('logferry', settings.LOG_LEVEL, 2, () => shown?.clearProgress());
  const processors = await processorsFor(settings);
  const processed = processors?.counts;
  const spool = await spoolFor(command, settings, log);
  warnOfOpenLine(settings, log);
  const shipperId = await shipperIdFor(command, paths, settings);
  const source = () => sourceOf(log, processors?.shaperOf);
  const plan = {
    settings,
    connection,
    shipperId,
    spool,
    processed,
    source,
    log,
  };
  const shipping = new Shipping(plan, await startShipper(plan), command === 'tail');
  shown = shipping;
  await using watched = new AsyncDisposableStack();
  watched.use(await monitorOf(settings, () => shipping.reading, processed, log));
  const stop = stopSignal(settings.SHUTDOWN_TIMEOUT * 1000, () => {
    shipping.stopProgress();
    log.error(shipping.summary, 'SHUTDOWN_TIMEOUT passed before everything was acknowledged');
  });
  process.exitCode = await shipping.run(stop);
}

/** Where it is looked at, if anywhere. */
async function monitorOf(
  settings: Settings,
  shipper: () => ShipperReading,
  processed: ProcessorReading | undefined,
  log: Logger,
): Promise<AsyncDisposable | undefined> {
  if (settings.METRICS_PORT === undefined) return undefined;
  const { openShipperMonitor } = await import('../../../tools/monitor/shipper_monitor.ts');
  return openShipperMonitor(settings, { shipper, processed }, log);
}
