import type { ShipperReading } from '../../../monitor/metrics/shipper_metrics.ts';
import { figures } from '../../../shipper/progress.ts';
import { startShipper, type ShippingPlan, type StartedShipper } from './start_shipper.ts';

/** A shipper on its way, and the one that takes its place where the receiver lost what it had. */
export class Shipping {
  readonly #plan: ShippingPlan;
  readonly #isFollowed: boolean;
  readonly #startedAt = performance.now();
  #started: StartedShipper;

  /** `isFollowed`: files that are followed are shipped again from where a receiver stands that went back. */
  constructor(plan: ShippingPlan, started: StartedShipper, isFollowed: boolean) {
    this.#plan = plan;
    this.#started = started;
    this.#isFollowed = isFollowed;
  }

  /** How it is, for whoever watches. */
  get reading(): ShipperReading {
    const { counts, level, isConnected } = this.#started.shipper;
    return { counts, level, isConnected, spoolBytes: this.#plan.spool?.bytes };
  }

  /** The figures so far, for the log. */
  get summary(): object {
    const { shipper, levels } = this.#started;
    return {
      ...figures(shipper, this.#plan.processed),
      levelChanges: levels?.changes ?? 0,
      shipperId: this.#plan.shipperId,
      seconds: Math.round(performance.now() - this.#startedAt) / 1000,
    };
  }

  /** Takes the moving line away, so that something else can be printed. */
  clearProgress(): void {
    this.#started.progress.clear();
  }

  /** Shows no progress from now on. */
  stopProgress(): void {
    this.#started.progress.stop();
  }

  /** Ships until the source ends or `stop` aborts, and says in the log how it went. Gives the exit code. */
  async run(stop: AbortSignal): Promise<number> {
    const { log } = this.#plan;
    try {
      await this.#shipAll(stop);
    } catch (error) {
      this.stopProgress();
      log.error(this.summary, (error as Error).message);
      return 1;
    }
    this.stopProgress();
    const { counts, mode } = this.#started.shipper;
    log.info(
      this.summary,
      `done: ${counts.acknowledged} entries ${mode === 'acked' ? 'acknowledged' : 'written to a receiver that does not acknowledge'}`,
    );
    return counts.rejected > 0 ? 1 : 0;
  }

  async #shipAll(stop: AbortSignal): Promise<void> {
    try {
      await this.#started.shipper.run(stop);
    } catch (error) {
      if (!this.#isFollowed || stop.aborted || (error as { code?: string }).code !== 'receiver_went_back')
        throw error;
      this.stopProgress();
      this.#plan.log.warn(
        this.summary,
        `${(error as Error).message.split('. ')[0]}. Going on from where it stands`,
      );
      this.#started = await startShipper(this.#plan);
      await this.#shipAll(stop);
    }
  }
}
