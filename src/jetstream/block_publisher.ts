/** Publishes what belongs behind a shipper's last message, and tells whether it got there. */
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { setTimeout as delay } from 'node:timers/promises';
import { ArchiveError } from '../archive/archive_error.ts';
import type { Block } from '../archive/block.ts';
import type { SegmentFormat } from '../archive/format.ts';
import { CLAIM_HEADER, PREVIOUS_HEADER, encodeBlock, messageIdOf } from './block_message.ts';
import type { Nats } from './connection.ts';
import { isWrongLast } from './jetstream_error.ts';
import type { Outage } from './outage.ts';
import type { ShipperMessages } from './shipper_messages.ts';

export interface PublisherOptions {
  readonly nats: Nats;
  readonly outage: Outage;
  readonly format: SegmentFormat;
  readonly claim: string;
  /** Told how long each block took that was taken. */
  readonly published: (seconds: number) => void;
}

/** What it comes after. */
export interface Before {
  /** The shipper's last message, and what is left of it in the stream: the same, or 0. */
  readonly at: number;
  readonly last: number;
}

/** Where NATS knows a block by its id and the stream does not have it, it is asked again after so long, and longer. */
const AGAIN_AFTER_MS = 100;
const AGAIN_AT_MOST_MS = 5000;

/** What a message takes besides block: subject, headers, the inbox of the answer. */
export const ENVELOPE_BYTES = 4096;

export class BlockPublisher {
  readonly #options: PublisherOptions;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /**
   * Settles with the block's sequence in the stream, or undefined where another message came before it, or this one did: what is there
   * has to be read. `tried` is how often that was so. Rejects as `Outage.persist` does, and with ArchiveError `too_large`.
   */
  async publish(
    to: ShipperMessages,
    before: Before,
    block: Block,
    tried: number,
  ): Promise<number | undefined> {
    if (tried > 1) await delay(Math.min(AGAIN_AT_MOST_MS, AGAIN_AFTER_MS * 2 ** tried));
    const payload = encodeBlock(this.#options.format, block);
    this.#expectFits(payload, block);
    const begunAt = performance.now();
    const at = await this.#send(to, before, payload);
    if (at !== undefined) this.#options.published((performance.now() - begunAt) / 1000);
    return at;
  }

  /** As `publish`, of a message without a block: it says that this run writes for the shipper from here on. */
  claim(to: ShipperMessages, before: Before, withinMs: number): Promise<number | undefined> {
    return this.#send(to, before, NOTHING, withinMs);
  }

  async #send(
    to: ShipperMessages,
    { at, last }: Before,
    payload: Buffer,
    withinMs?: number,
  ): Promise<number | undefined> {
    const { nats, outage } = this.#options;
    const options = {
      expect: { lastSubjectSequence: last },
      msgID: messageIdOf(to.shipperId, at),
      headers: this.#headers(at),
    };
    let isSecondTry = false;
    try {
      const ack = await outage.persist(async () => {
        if (isSecondTry && (await to.lastSequence()) !== last) return undefined;
        isSecondTry = true;
        return nats.ask(() => nats.client.publish(to.subject, payload, options));
      }, withinMs);
      return ack === undefined || ack.duplicate ? undefined : ack.seq;
    } catch (error) {
      if (isWrongLast(error)) return undefined;
      throw error;
    }
  }

  #headers(previous: number): MsgHdrs {
    const made = headers();
    made.set(CLAIM_HEADER, this.#options.claim);
    made.set(PREVIOUS_HEADER, String(previous));
    return made;
  }

  #expectFits({ length }: Buffer, { sequence, shipperId }: Block): void {
    const most = this.#options.nats.maxMessageBytes - ENVELOPE_BYTES;
    if (length <= most) return;
    throw new ArchiveError(
      'too_large',
      `batch ${sequence} of ${shipperId} takes ${length} bytes; a message of this NATS has room for ${most} (max_payload)`,
    );
  }
}

const NOTHING = Buffer.alloc(0);
