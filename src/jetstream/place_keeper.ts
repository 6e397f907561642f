/** Keeps the entry of one shipper in the bucket near to where it stands. */
import { ArchiveError } from '../archive/archive_error.ts';
import type { Block } from '../archive/block.ts';
import type { PlaceStore } from './place_store.ts';
import type { ShipperState } from './shipper_state.ts';

/** As many blocks, and bytes, as are to be read at most where another receiver takes over. */
const SAVED_EVERY_BLOCKS = 16;
const SAVED_EVERY_BYTES = 4 * 1024 * 1024;

/** So often at most it is written, each time behind what another has written meanwhile. */
const WRITES = 5;

interface KnownEntry {
  /** 0 where there is none. */
  readonly revision: number;
  /** How far it is. */
  readonly at: number;
}

export class PlaceKeeper {
  readonly #shipperId: string;
  readonly #places: PlaceStore;
  readonly #found: (finding: string) => void;
  #blocks = 0;
  #bytes = 0;
  /** The entry, where it is known. */
  #entry: KnownEntry | undefined;
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

  /** What is too long is not packed with each block again; whoever saves all tries it. */
  get isDue(): boolean {
    if (this.#tooLong !== undefined) return false;
    return this.#blocks >= SAVED_EVERY_BLOCKS || this.#bytes >= SAVED_EVERY_BYTES;
  }

  /** A claim is a message to be read as a block is. */
  claimed(): void {
    this.#blocks += 1;
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
   * Settles also where it could not be saved: the next call tries again.
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
      this.#tooLong = undefined;
    } catch (error) {
      this.#blocks += blocks;
      this.#bytes += bytes;
      if (error instanceof ArchiveError) this.#tell(error);
    }
  }

  /** What is wrong with the entry. That NATS is away is told once for all shippers, elsewhere. */
  #tell(error: ArchiveError): void {
    if (error.code === 'too_many_sources') this.#tooLong = error;
    if (!this.#isTold) this.#found(`the place of ${this.#shipperId} was not saved: ${error.message}`);
    this.#isTold = true;
  }

  /** Settles when the entry is as far as `at`, whoever wrote it: one that is further is left as it is. */
  async #write(at: number, json: string): Promise<void> {
    for (let tries = 0; tries < WRITES; tries += 1) {
      this.#entry ??= await this.#load();
      if (this.#entry.at >= at) return;
      const revision = await this.#places.saveJson(this.#shipperId, json, this.#entry.revision);
      this.#entry = revision === undefined ? undefined : { revision, at };
      if (revision !== undefined) return;
    }
    throw new Error('others write it all the time');
  }

  async #load(): Promise<KnownEntry> {
    const entry = await this.#places.load(this.#shipperId);
    return { revision: entry?.revision ?? 0, at: entry?.state.at ?? 0 };
  }
}
