import { giveBack } from '../base/large_buffers.ts';
import type { Encoded } from './encode.ts';
import type { Outbox } from './outbox.ts';
import type { Rejects } from './rejects.ts';
import { ShipperError } from './shipper_error.ts';

export interface SettlementOptions {
  readonly outbox: Outbox;
  readonly rejects: Rejects;
  /** Called with the highest number of which everything up to it has settled. */
  readonly onSettled: ((sequence: number) => void) | undefined;
  readonly onFailed: (error: ShipperError) => void;
}

/** Lets go of batches once their receiver is done with them: durable there (at a plain one: written), or rejected and kept here. */
export class Settlement {
  readonly #options: SettlementOptions;
  #settled = 0;
  /** Settles when all of them that were rejected are kept as dead letters. */
  #kept: Promise<void> = Promise.resolve();

  constructor(options: SettlementOptions) {
    this.#options = options;
  }

  /** The highest number that is off our hands, a plain receiver's included. */
  get settled(): number {
    return this.#settled;
  }

  /** Settles when all that was rejected so far is kept, or could not be, which `onFailed` is told. */
  async kept(): Promise<void> {
    await this.#kept.catch(() => undefined);
  }

  /** The receiver is done with the batches up to `sequence`, of this epoch. */
  upTo(sequence: number, epoch: number): void {
    const { outbox, onSettled } = this.#options;
    this.#settled = Math.max(this.#settled, sequence);
    const kept = [...outbox.takeUpTo(sequence)].map((batch) => this.#letGo(batch, epoch));
    this.#kept = Promise.all([this.#kept, ...kept]).then(() => onSettled?.(sequence));
    this.#kept.catch(() => undefined);
  }

  /** Settles once a batch is counted, or, where it was rejected, kept here. */
  async #letGo(batch: Encoded, epoch: number): Promise<void> {
    try {
      await this.#options.rejects.settle(batch, epoch);
      if (batch.isOwned === true) giveBack(batch.body);
    } catch (cause) {
      const message = `batch ${batch.sequence} was rejected and could not be kept: ${(cause as Error).message}`;
      this.#options.onFailed(new ShipperError('gave_up', message, { cause }));
      throw cause;
    }
  }
}
