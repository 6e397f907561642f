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
  /** Once aborted, what was refused is not published again. */
  readonly closing: AbortSignal;
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
    await this.#wait(tried);
    const payload = encodeBlock(this.#options.format, block);
    const begunAt = performance.now();
    const at = await this.#send(to, before, payload, { fits: () => this.#expectFits(payload, block) });
    if (at !== undefined) this.#options.published((performance.now() - begunAt) / 1000);
    return at;
  }

  /** As `publish`, of a message without a block: it says that this run writes for the shipper from here on. */
  async claim(
    to: ShipperMessages,
    before: Before,
    tried: number,
    withinMs: number,
  ): Promise<number | undefined> {
    await this.#wait(tried);
    return this.#send(to, before, NOTHING, { withinMs });
  }

  /** Where it was refused twice NATS may know the id of a message that it does not have: that passes. */
  async #wait(tried: number): Promise<void> {
    const { closing } = this.#options;
    const ms = tried > 1 ? Math.min(AGAIN_AT_MOST_MS, AGAIN_AFTER_MS * 2 ** tried) : 0;
    if (ms > 0) await delay(ms, undefined, { signal: closing }).catch(() => undefined);
    if (tried > 0 && closing.aborted) throw new ArchiveError('unavailable', 'the log is closed');
  }

  async #send(
    to: ShipperMessages,
    { at, last }: Before,
    payload: Buffer,
    { fits, withinMs }: SendOptions,
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
        fits?.();
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

interface SendOptions {
  /** Throws where the server there is now takes no message so long: another may take less than the one before. */
  readonly fits?: () => void;
  readonly withinMs?: number;
}

const NOTHING = Buffer.alloc(0);
