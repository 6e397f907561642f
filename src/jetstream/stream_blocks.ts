/** Messages of a partition as blocks: without claims, without what is no block, and without what a receiver published twice. */
import { ArchiveError } from '../archive/archive_error.ts';
import { LOCAL_SHIPPER_PREFIX } from '../archive/block.ts';
import type { ShipperNumbers } from '../archive/commit_log.ts';
import { nextPlace } from '../archive/resume.ts';
import { decodeBlock, isClaim } from './block_message.ts';
import type { PlaceStore } from './place_store.ts';
import type { StreamMessage } from './pull.ts';
import { isRepeat, type ShipperState } from './shipper_state.ts';
import type { StreamBlock } from './work_target.ts';

/** A message that is left out for good, and why. */
export type Refused = (sequence: number, reason: string) => void;

export class StreamBlocks {
  readonly #places: PlaceStore;
  readonly #refused: Refused;
  /** Where shippers stand after what came so far; undefined for one of which nothing is known before its next block. */
  readonly #numbers = new Map<string, ShipperNumbers | undefined>();

  constructor(places: PlaceStore, refused: Refused) {
    this.#places = places;
    this.#refused = refused;
  }

  /** The blocks among messages that come behind those given before. Rejects where NATS does not answer: then they may be given again. */
  async of(messages: readonly StreamMessage[]): Promise<StreamBlock[]> {
    const blocks = messages.flatMap((message) => this.#decode(message));
    await this.#meet(blocks);
    return blocks.filter((block) => this.#isNew(block));
  }

  #decode({ sequence, payload }: StreamMessage): StreamBlock[] {
    if (isClaim(payload)) return [];
    try {
      return [{ ...decodeBlock(payload), sequence }];
    } catch (error) {
      this.#refused(sequence, (error as Error).message);
      return [];
    }
  }

  /** Asks the bucket of shippers that have not been seen here what it knew before their block. */
  async #meet(blocks: readonly StreamBlock[]): Promise<void> {
    const strangers = new Map<string, StreamBlock>();
    for (const block of blocks.toReversed()) {
      const { shipperId } = block.header;
      if (!this.#numbers.has(shipperId)) strangers.set(shipperId, block);
    }
    await Promise.all(
      [...strangers].map(async ([shipperId, { sequence }]) => {
        const isLocal = shipperId.startsWith(LOCAL_SHIPPER_PREFIX);
        const state = isLocal ? undefined : await this.#stateOf(shipperId);
        this.#numbers.set(shipperId, state !== undefined && state.at < sequence ? state.point : undefined);
      }),
    );
  }

  /** What the bucket knows; nothing where the entry can't be read: the shipper's receivers say so, and a worker goes on. */
  async #stateOf(shipperId: string): Promise<ShipperState | undefined> {
    try {
      return (await this.#places.load(shipperId))?.state;
    } catch (error) {
      if (error instanceof ArchiveError) return undefined;
      throw error;
    }
  }

  #isNew({ header }: StreamBlock): boolean {
    const { shipperId } = header;
    const numbers = this.#numbers.get(shipperId);
    if (isRepeat(numbers && { ...numbers, positions: {} }, header)) return false;
    this.#numbers.set(shipperId, nextPlace(numbers, header));
    return true;
  }
}
