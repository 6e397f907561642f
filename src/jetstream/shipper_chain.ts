/**
 * The blocks of one shipper on their way to its subject, one at a time: each says which message it comes after, so of two
 * receivers only one can be right, and who was wrong reads what the other wrote before it goes on.
 */
import { ArchiveError } from '../archive/archive_error.ts';
import type { Block } from '../archive/block.ts';
import type { AppendOutcome, ResumePoint } from '../archive/commit_log.ts';
import { ShipperPlace } from '../archive/shipper_place.ts';
import type { BlockPublisher } from './block_publisher.ts';
import { EntryRoom } from './entry_room.ts';
import type { Outage } from './outage.ts';
import { PlaceKeeper } from './place_keeper.ts';
import type { PlaceStore } from './place_store.ts';
import type { ShipperMessages } from './shipper_messages.ts';
import type { ShipperMessage, ShipperState } from './shipper_state.ts';

export interface ChainOptions {
  readonly messages: ShipperMessages;
  readonly publisher: BlockPublisher;
  readonly places: PlaceStore;
  readonly outage: Outage;
  /** This run of the receiver. */
  readonly claim: string;
  /** False for a shipper that is part of this run: no other knows its id, so nothing is claimed or saved. */
  readonly isShared: boolean;
  readonly stored: (block: Block) => void;
  readonly found: (finding: string) => void;
}

/** Whoever asks where a shipper stands is told after so long that NATS does not answer. */
const ASKED_WITHIN_MS = 3000;

interface Standing {
  readonly place: ShipperPlace;
  readonly claim: string | undefined;
  /** Of the shipper's last message. */
  readonly at: number;
  /** What the stream has last of it: `at`, or 0 where that was trimmed. */
  readonly last: number;
}

export class ShipperChain {
  readonly #options: ChainOptions;
  readonly #keeper: PlaceKeeper;
  #room: EntryRoom;
  #standing: Standing | undefined;
  /** As it was before something went wrong: what it says is true still, if not all. */
  #known: ShipperState | undefined;
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  /** Why the last block that could not be taken was not. What waited behind it may not get in without it. */
  #refusal: { readonly cause: unknown } | undefined;

  constructor(options: ChainOptions) {
    this.#options = options;
    this.#keeper = new PlaceKeeper(options.messages.shipperId, options.places, options.found);
    this.#room = new EntryRoom(options.messages.shipperId, options.places);
  }

  /** True where nothing waits. */
  get isIdle(): boolean {
    return this.#waiting === 0;
  }

  append(block: Block): Promise<AppendOutcome> {
    const known = this.#refusal;
    return this.#inOrder(async () => {
      if (this.#refusal !== known) throw this.#refusal?.cause;
      try {
        return await this.#append(block);
      } catch (cause) {
        this.#refusal = { cause };
        throw cause;
      }
    });
  }

  /** Claims the shipper for this run: from then on no other can append for it unless it claims it in its turn. */
  resumePoint(): Promise<ResumePoint | undefined> {
    return this.#inOrder(() => this.#open());
  }

  /** Settles when nothing waits; what could not be done was rejected. */
  async settled(): Promise<void> {
    await this.#tail;
  }

  /** Saves where the shipper stands if that has changed; settles also where it could not be. */
  async save(): Promise<void> {
    const state = this.#stateNow();
    if (state !== undefined && this.#options.isShared) await this.#keeper.save(state);
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    this.#waiting += 1;
    const done = this.#tail.then(work).finally(() => (this.#waiting -= 1));
    this.#tail = done.catch(() => undefined);
    return done;
  }

  async #open(): Promise<ResumePoint | undefined> {
    const { publisher, messages, claim, isShared } = this.#options;
    // Nobody else writes for it, so nobody is asked: a receiver starts also where a stream has no leader yet.
    if (!isShared) return (this.#stateNow() ?? this.#known)?.point;
    for (let tried = 0; ; tried += 1) {
      this.#forget();
      const before = await this.#read(undefined, ASKED_WITHIN_MS);
      const at = await publisher.claim(messages, before, tried, ASKED_WITHIN_MS);
      if (at === undefined) continue;
      this.#standing = { place: before.place, claim, at, last: at };
      this.#keeper.claimed();
      this.#saveWhereDue();
      return before.place.durable;
    }
  }

  async #append(block: Block): Promise<AppendOutcome> {
    const { publisher, messages, claim, isShared, stored } = this.#options;
    let isOurs = false;
    const look = (message: ShipperMessage): void => {
      const { epoch, sequence } = message.block ?? {};
      isOurs ||= message.claim === claim && epoch === block.epoch && sequence === block.sequence;
    };
    for (let tried = 0; ; tried += 1) {
      const standing = await this.#expectFit(block, look);
      if (!standing.place.isNext(block)) {
        if (!isOurs) return 'repeated';
        break;
      }
      if (isShared && Object.keys(block.positions).length > 0)
        await this.#room.expectFor(block, stateOf(standing));
      const at = await publisher.publish(messages, standing, block, tried);
      if (at !== undefined) {
        this.#wrote(standing, block, at);
        break;
      }
      this.#forget();
    }
    stored(block);
    return 'stored';
  }

  /** Throws where the block can't be appended by what is known now, not by what was known some time ago. */
  async #expectFit(block: Block, look: (message: ShipperMessage) => void): Promise<Standing> {
    const known = this.#standing;
    // Where the stream has nothing of it left, NATS would take a block also behind what another wrote meanwhile.
    const isHeld = known !== undefined && known.last > 0;
    if (isHeld && this.#problemOf(known, block) === undefined) return known;
    this.#forget();
    const read = await this.#read(look);
    const problem = this.#problemOf(read, block);
    if (problem !== undefined) throw problem;
    return read;
  }

  #problemOf({ place, claim }: Standing, block: Block): Error | undefined {
    const { claim: ours, isShared } = this.#options;
    if (isShared && claim !== undefined && claim !== ours) return takenOver(block);
    try {
      this.#keeper.expectRoomFor(block);
      place.isNext(block);
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }

  #wrote({ place, claim }: Standing, block: Block, at: number): void {
    place.take(block, STORED);
    place.wrote(block, HEADER_BYTES);
    this.#standing = { place, claim, at, last: at };
    if (!this.#options.isShared) return;
    this.#keeper.wrote(block);
    this.#saveWhereDue();
  }

  #saveWhereDue(): void {
    if (this.#keeper.isDue) void this.save();
  }

  /** Reads where the shipper stands, if need be for ever. */
  async #read(seen?: (message: ShipperMessage) => void, withinMs?: number): Promise<Standing> {
    const { messages, outage, places, found } = this.#options;
    const from = this.#known;
    const { state, last } = await outage.persist(() => messages.read({ from, found, seen }), withinMs);
    const standing = { place: new ShipperPlace(state.point), claim: state.claim, at: state.at, last };
    this.#standing = standing;
    this.#room = new EntryRoom(messages.shipperId, places);
    return standing;
  }

  #forget(): void {
    this.#known = this.#stateNow() ?? this.#known;
    this.#standing = undefined;
  }

  #stateNow(): ShipperState | undefined {
    return this.#standing && stateOf(this.#standing);
  }
}

function stateOf({ at, claim, place }: Standing): ShipperState {
  const point = place.durable;
  return {
    at,
    ...(claim === undefined ? {} : { claim }),
    ...(point === undefined ? {} : { point }),
  };
}

const STORED: Promise<AppendOutcome> = Promise.resolve('stored');

/** What a header takes, for the measure of positions. */
const HEADER_BYTES = 256;

const takenOver = ({ shipperId }: Block): ArchiveError =>
  new ArchiveError('taken_over', `another receiver has taken ${shipperId} over`);
