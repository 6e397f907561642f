/** The shippers a log remembers: all that have something on their way, and of the others those used last. */
import { LOCAL_SHIPPER_PREFIX } from '../archive/block.ts';
import type { ShipperChain } from './shipper_chain.ts';

/** Shippers that are remembered while nothing of theirs is on its way. */
const REMEMBERED = 10_000;

/** Of the oldest so many are looked at for one to forget; those in use go behind. */
const LOOKED_AT = 8;

/** Saves on their way at once. */
const SAVES_AT_ONCE = 64;

export class ShipperChains {
  readonly #make: (shipperId: string) => ShipperChain;
  /** Those used last behind. */
  readonly #byId = new Map<string, ShipperChain>();

  /** `make` makes the chain of a shipper that is not remembered. */
  constructor(make: (shipperId: string) => ShipperChain) {
    this.#make = make;
  }

  /** The shipper's, made where it is not remembered. It is to be used at once. */
  of(shipperId: string): ShipperChain {
    const chain = this.#byId.get(shipperId) ?? this.#make(shipperId);
    this.#byId.delete(shipperId);
    if (this.#byId.size >= REMEMBERED) this.#forgetOne();
    this.#byId.set(shipperId, chain);
    return chain;
  }

  /** Settles when nothing waits any more. */
  async settled(): Promise<void> {
    await Promise.all([...this.#byId.values()].map((chain) => chain.settled()));
  }

  /** Saves where all stand; settles also where that could not be done. */
  async save(): Promise<void> {
    const chains = [...this.#byId.values()].values();
    await Promise.all(
      Array.from({ length: SAVES_AT_ONCE }, async () => {
        for (const chain of chains) await chain.save();
      }),
    );
  }

  #forgetOne(): void {
    for (const [id, chain] of this.#byId.entries().take(LOOKED_AT).toArray()) {
      this.#byId.delete(id);
      if (chain.isIdle && !id.startsWith(LOCAL_SHIPPER_PREFIX)) {
        void chain.save();
        return;
      }
      this.#byId.set(id, chain);
    }
  }
}
