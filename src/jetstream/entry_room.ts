import type { Block } from '../archive/block.ts';
import { advance } from '../archive/resume.ts';
import type { PlaceStore } from './place_store.ts';
import type { ShipperState } from './shipper_state.ts';

/**
 * Sees to it that where a shipper stands can be saved after each of its blocks: no message is trimmed before that, so one
 * shipper with too many sources would fill the stream.
 */
export class EntryRoom {
  readonly #shipperId: string;
  readonly #places: PlaceStore;
  /** The entry is no longer than this, packed; undefined where it was not measured yet. */
  #bytes: number | undefined;

  constructor(shipperId: string, places: PlaceStore) {
    this.#shipperId = shipperId;
    this.#places = places;
  }

  /**
   * Settles where the entry has room for a block behind this state, which is the one before it each time. Rejects with
   * ArchiveError `too_many_sources`.
   */
  async expectFor(block: Block, state: ShipperState): Promise<void> {
    const more = Buffer.byteLength(JSON.stringify(block.positions));
    const bytes = (this.#bytes ?? Buffer.byteLength(JSON.stringify(state))) + more;
    this.#bytes = bytes <= this.#places.room ? bytes : (await this.#packedAfter(block, state)).length;
  }

  #packedAfter(block: Block, { point, ...state }: ShipperState): Promise<Buffer> {
    const before = point && { ...point, positions: { ...point.positions } };
    return this.#places.pack(this.#shipperId, JSON.stringify({ ...state, point: advance(before, block) }));
  }
}
