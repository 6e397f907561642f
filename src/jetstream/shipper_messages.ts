/** The messages of one shipper's subject, and where it stands by them. */
import type { StoredMsg } from '@nats-io/jetstream';
import { setTimeout as delay } from 'node:timers/promises';
import { ArchiveError } from '../archive/archive_error.ts';
import { CLAIM_HEADER, PREVIOUS_HEADER, decodeBlock, isClaim } from './block_message.ts';
import type { Nats } from './connection.ts';
import { partitionOf, streamOf, subjectOf } from './names.ts';
import type { PlaceStore } from './place_store.ts';
import { STRANGER, after, type ShipperMessage, type ShipperState } from './shipper_state.ts';

/** Where a shipper stands. */
export interface ShipperReading {
  readonly state: ShipperState;
  /** Sequence of its last message in the stream; 0 where all of them were trimmed, or none came yet. */
  readonly last: number;
}

export interface ReadOptions {
  /** A state that was read before, used up by this: only messages behind it are read. */
  readonly from?: ShipperState | undefined;
  /** Is shown the messages that are read; some perhaps more than once. */
  readonly seen?: ((message: ShipperMessage) => void) | undefined;
  /** Is told where messages are missing: deleted by hand, or by NATS_MAX_AGE before their place was saved. */
  readonly found?: ((finding: string) => void) | undefined;
}

export interface StreamNames {
  readonly stream: string;
  readonly partitions: number;
}

type Query = { readonly last_by_subj: string } | { readonly seq: number; readonly next_by_subj: string };

/** A server that has just lost its lead may answer with what was: then it is asked again. */
const READINGS = 5;
const AGAIN_AFTER_MS = 100;

export class ShipperMessages {
  readonly shipperId: string;
  /** Where they are. */
  readonly subject: string;
  readonly stream: string;
  readonly #nats: Nats;
  readonly #places: PlaceStore;

  constructor(shipperId: string, names: StreamNames, nats: Nats, places: PlaceStore) {
    const partition = partitionOf(shipperId, names.partitions);
    this.shipperId = shipperId;
    this.subject = subjectOf(names.stream, partition, shipperId);
    this.stream = streamOf(names.stream, partition);
    this.#nats = nats;
    this.#places = places;
  }

  /** Of the last one; 0 where there is none. Rejects where NATS does not answer. */
  async lastSequence(): Promise<number> {
    return (await this.#get({ last_by_subj: this.subject }))?.sequence ?? 0;
  }

  /**
   * Where the shipper stands after its last message: by its entry in the bucket and the messages behind it. Rejects where NATS
   * does not answer; with ArchiveError `ahead` where the entry knows of messages that the stream never had, `damaged` where it can't be read.
   */
  async read({ from, seen, found }: ReadOptions = {}): Promise<ShipperReading> {
    for (let reading = 1; ; reading += 1) {
      const begin = await this.#saved(from);
      const { problem, isAhead, ...read } = await this.#readOn(begin, { seen, found });
      if (problem === undefined) return read;
      if (reading === READINGS) {
        if (isAhead === true) throw new ArchiveError('ahead', problem);
        found?.(problem);
        return read;
      }
      if (reading > 1) await delay(AGAIN_AFTER_MS);
    }
  }

  /** The entry, or what was read before where that is further. It is looked at each time: the messages behind `from` may be trimmed. */
  async #saved(from: ShipperState = STRANGER): Promise<ShipperState> {
    const saved = (await this.#places.load(this.shipperId))?.state ?? STRANGER;
    return saved.at > from.at ? saved : from;
  }

  async #readOn(
    begin: ShipperState,
    { seen, found }: ReadOptions,
  ): Promise<ShipperReading & { readonly problem?: string; readonly isAhead?: boolean }> {
    let state = begin;
    let problem: string | undefined;
    const last = await this.#get({ last_by_subj: this.subject });
    if (last === undefined) return { state, last: 0 };
    if (last.sequence < state.at) {
      const where = `the last message of ${this.shipperId} in ${this.stream} is ${last.sequence}, the bucket knows of ${state.at}`;
      return { state, last: last.sequence, isAhead: true, problem: `${where}: the stream was made anew` };
    }
    while (state.at < last.sequence) {
      const next = (await this.#get({ seq: state.at + 1, next_by_subj: this.subject })) ?? last;
      if (next.damage !== undefined)
        found?.(
          `message ${next.sequence} of ${this.stream} is no block of ${this.shipperId}: ${next.damage}`,
        );
      else if (next.previous !== state.at)
        problem = `messages of ${this.shipperId} between ${state.at} and ${next.sequence} are gone from ${this.stream}`;
      seen?.(next);
      state = after(state, next);
    }
    return { state, last: last.sequence, ...(problem === undefined ? {} : { problem }) };
  }

  async #get(query: Query): Promise<ShipperMessage | undefined> {
    const message = await this.#nats.ask(() => this.#nats.manager.streams.getMessage(this.stream, query));
    return message === null ? undefined : messageOf(message);
  }
}

/** Reads a message of a shipper's subject. */
function messageOf({ seq, data, header }: StoredMsg): ShipperMessage {
  const message = {
    sequence: seq,
    claim: header.get(CLAIM_HEADER),
    previous: Number(header.get(PREVIOUS_HEADER)),
  };
  if (isClaim(data)) return message.claim === '' ? { ...message, damage: 'it is empty' } : message;
  try {
    return { ...message, block: decodeBlock(Buffer.from(data)).header };
  } catch (error) {
    return { ...message, damage: (error as Error).message };
  }
}
