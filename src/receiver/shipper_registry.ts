import type { Run } from '../wire/messages.ts';
import { WireError } from '../wire/wire_error.ts';

/** A connection that speaks for a shipper id. */
interface Holder {
  giveWay(): Promise<void>;
}

/**
 * Who speaks for which shipper id: one connection at a time. A run that connects for the first time takes over from any
 * other; one that only comes back does not take over from a run that came after it.
 */
export class ShipperRegistry {
  readonly #holders = new Map<string, { readonly holder: Holder; readonly run: Run | undefined }>();

  get ids(): string[] {
    return [...this.#holders.keys()];
  }

  /**
   * Makes `holder` the one for this id. Settles when the one before can't append any more. Rejects with WireError
   * `taken_over` where another run holds the id, and this one only comes back.
   */
  async enter(shipperId: string, holder: Holder, run?: Run): Promise<void> {
    const before = this.#holders.get(shipperId);
    if (run?.isReturning === true && before?.run !== undefined && before.run.id !== run.id)
      throw new WireError('taken_over', 'another process took over this shipper id while this one was away');
    this.#holders.set(shipperId, { holder, run });
    await before?.holder.giveWay();
  }

  /** Forgets a holder that has gone. */
  leave(holder: Holder): void {
    for (const [id, known] of this.#holders) if (known.holder === holder) this.#holders.delete(id);
  }
}
