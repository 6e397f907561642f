import type { Logger } from '../../../base/logger.ts';
import type { Settings } from '../../../config/options.ts';
import type { LevelController } from '../../../shipper/level_controller.ts';
import { showProgress, type Processed, type Progress } from '../../../shipper/progress.ts';
import { Shipper } from '../../../shipper/shipper.ts';
import type { Source } from '../../../shipper/source.ts';
import type { Spool } from '../../../shipper/spool/spool.ts';
import type { connectionOf } from './connection.ts';

/** Of what a shipper is made, as often as one is needed. */
export interface ShippingPlan {
  readonly settings: Settings;
  readonly connection: ReturnType<typeof connectionOf>;
  readonly shipperId: string;
  readonly spool: Spool | undefined;
  /** Figures of what is done to entries before. */
  readonly processed: Processed | undefined;
  readonly source: () => Source | Promise<Source>;
  readonly log: Logger;
}

/** A shipper, and what is made with it. */
export interface StartedShipper {
  readonly shipper: Shipper;
  readonly levels: LevelController | undefined;
  readonly progress: Progress;
}

/** Makes a shipper that is to be run, and shows its progress until that is stopped. */
export async function startShipper(plan: ShippingPlan): Promise<StartedShipper> {
  const { settings, connection, shipperId, spool, log } = plan;
  const levels = await levelsFor(settings, log);
  const shipper = new Shipper({
    source: await plan.source(),
    batcher: {
      size: settings.BATCH_SIZE,
      intervalMs: settings.BATCH_INTERVAL * 1000,
      maxBytes: settings.BATCH_MAX_BYTES,
    },
    ...(levels === undefined ? {} : { levels }),
    ...(spool === undefined ? {} : { spool }),
    ...connection,
    dial: { ...connection.dial, delivery: settings.DELIVERY, shipperId },
    stateFolder: settings.STATE_DIR,
    log,
  });
  return {
    shipper,
    levels,
    progress: showProgress(shipper, log, process.stderr, plan.processed),
  };
}

async function levelsFor(settings: Settings, log: Logger): Promise<LevelController | undefined> {
  if (!settings.ADAPTIVE_ENABLED || !settings.COMPRESSION_ENABLED) return undefined;
  const { LevelController } = await import('../../../shipper/level_controller.ts');
  return new LevelController({
    bounds: {
      min: settings.ADAPTIVE_MIN_LEVEL,
      max: settings.ADAPTIVE_MAX_LEVEL,
    },
    start: settings.COMPRESSION_LEVEL,
    checkIntervalMs: settings.ADAPTIVE_CHECK_INTERVAL * 1000,
    log,
  });
}
