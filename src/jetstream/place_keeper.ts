/** Keeps the entry of one shipper in the bucket near to where it stands. */
import { ArchiveError } from '../archive/archive_error.ts';
import type { Block } from '../archive/block.ts';
import type { PlaceStore } from './place_store.ts';
import type { ShipperState } from './shipper_state.ts';

/** As many blocks, and bytes, as are to be read at most where another receiver takes over. */
const SAVED_EVERY_BLOCKS = 16;
const SAVED_EVERY_BYTES = 4 * 1024 * 1024;

export class PlaceKeeper {
  readonly #shipperId: string;
  readonly #places: PlaceStore;
  readonly #found: (finding: string) => void;
  #blocks = 0;
  #bytes = 0;
  /** Of the entry, where it is known. */
  #revision: number | undefined;
  #saving: Promise<void> | undefined;
  /** True once it was told that it can't be saved, until it could. */
  #isTold = false;
  /** Set where the entry is longer than the server takes. */
  #tooLong: ArchiveError | undefined;

  /** `found` is told why it can't be saved. */
  constructor(shipperId: string, places: PlaceStore, found: (finding: string) => void) {
    this.#shipperId = shipperId;
    this.#places = places;
    this.#found = found;
  }

  get isDue(): boolean {
    return this.#blocks >= SAVED_EVERY_BLOCKS || this.#bytes >= SAVED_EVERY_BYTES;
  }

  wrote({ body }: Block): void {
    this.#blocks += 1;
    this.#bytes += body.length;
  }

  /** Throws ArchiveError `too_many_sources` where the entry has no room for the positions of one more. */
  expectRoomFor({ positions }: Block): void {
    if (this.#tooLong !== undefined && Object.keys(positions).length > 0) throw this.#tooLong;
  }

  /**
   * Saves the state if something was written since the last time, and nothing is being saved. It is taken as it is at the call.
   * Settles also where it could not be saved: that is told, and the next call tries again.
   */
  async save(state: ShipperState): Promise<void> {
    if (this.#blocks === 0) return;
    this.#saving ??= this.#save(state).finally(() => (this.#saving = undefined));
    await this.#saving;
  }

  async #save(state: ShipperState): Promise<void> {
    const [blocks, bytes] = [this.#blocks, this.#bytes];
    this.#blocks = 0;
    this.#bytes = 0;
    try {
      await this.#write(state.at, JSON.stringify(state));
      this.#isTold = false;
    } catch (error) {
      this.#blocks += blocks;
      this.#bytes += bytes;
      if (error instanceof ArchiveError && error.code === 'too_many_sources') this.#tooLong = error;
      if (!this.#isTold)
        this.#found(`the place of ${this.#shipperId} was not saved: ${(error as Error).message}`);
      this.#isTold = true;
    }
  }

  /** Settles when the entry is as far as `at`, whoever wrote it. */
  async #write(at: number, json: string): Promise<void> {
    for (;;) {
      this.#revision ??= (await this.#places.load(this.#shipperId))?.revision ?? 0;
      this.#revision = await this.#places.saveJson(this.#shipperId, json, this.#revision);
      if (this.#revision !== undefined) return;
      const entry = await this.#places.load(this.#shipperId);
      this.#revision = entry?.revision ?? 0;
      if (entry !== undefined && entry.state.at >= at) return;
    }
  }
}
