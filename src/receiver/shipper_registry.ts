/** A connection that speaks for a shipper id. */
interface Holder {
  giveWay(): Promise<void>;
}

/** Who speaks for which shipper id: one connection at a time, the newest. */
export class ShipperRegistry {
  readonly #holders = new Map<string, Holder>();

  get ids(): string[] {
    return [...this.#holders.keys()];
  }

  /** Makes `holder` the one for this id. Settles when the one before can't append any more. */
  async enter(shipperId: string, holder: Holder): Promise<void> {
    const before = this.#holders.get(shipperId);
    this.#holders.set(shipperId, holder);
    await before?.giveWay();
  }

  /** Forgets a holder that has gone. */
  leave(holder: Holder): void {
    for (const [id, known] of this.#holders) if (known === holder) this.#holders.delete(id);
  }
}
