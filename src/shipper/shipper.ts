/**
 * The shipper: entries from a source to a receiver.
 *
 *     source ─▶ batcher ─▶ compress (several at once, in order) ─▶ delivery ═▶ receiver
 *        ▲                                                            │
 *        └──────────── resume point (sequence, positions) ◀───────────┘
 */
import { mapInOrder } from '../base/in_order.ts';
import type { Logger } from '../base/logger.ts';
import { Batcher, type BatcherOptions } from './batcher.ts';
import { inFlight, noCounts, type Counts } from './counts.ts';
import { DeadLetters } from './dead_letters.ts';
import { Delivery, type DeliveryOptions, type Place } from './delivery.ts';
import { encodeBatch, type Compression } from './encode.ts';
import type { LevelController } from './level_controller.ts';
import { ShipperError } from './shipper_error.ts';
import type { Source } from './source.ts';

export interface ShipperOptions {
  readonly source: Source;
  readonly batcher: BatcherOptions;
  /** `level` is where an adaptive level takes over from. */
  readonly compression: Compression;
  readonly levels?: LevelController;
  readonly dial: DeliveryOptions['dial'];
  readonly reconnect: DeliveryOptions['reconnect'];
  readonly stateFolder: string;
  readonly log: Logger;
  /** How long the receiver may take to close after our end. */
  readonly closeTimeoutMs: number;
}

/** Batches compressed at once: as many as the thread pool of a small machine runs, and one being awaited. */
const COMPRESSED_AT_ONCE = 3;

/** A BATCH has a prefix and positions before its body; what does not compress grows a little. */
const PREFIX_ROOM_BYTES = 64 * 1024;

/** One run of a source to a receiver. */
export class Shipper {
  readonly counts: Counts = noCounts();
  readonly #options: ShipperOptions;
  readonly #delivery: Delivery;
  #batcher: Batcher | undefined;
  readonly #deadLetters: DeadLetters;
  #encoding = 0;

  constructor(options: ShipperOptions) {
    this.#options = options;
    this.#deadLetters = new DeadLetters(options.stateFolder, options.dial.shipperId, options.log);
    this.#delivery = new Delivery({
      dial: options.dial,
      reconnect: options.reconnect,
      canReread: options.source.canReread,
      compression: () => this.#compression(),
      deadLetters: this.#deadLetters,
      counts: this.counts,
      log: options.log,
      onFreed: () => this.#batcher?.lineFreed(),
    });
  }

  get level(): number {
    return this.#options.levels?.level ?? this.#options.compression.level;
  }

  get mode(): 'plain' | 'acked' {
    return this.#delivery.mode;
  }

  get isConnected(): boolean {
    return this.#delivery.isConnected;
  }

  /**
   * Ships until the source ends or `stop` aborts, then until all of it is acknowledged. Throws ShipperError where that
   * can't be: what was not acknowledged is in `counts`.
   */
  async run(stop: AbortSignal): Promise<void> {
    const { source, closeTimeoutMs } = this.#options;
    const giveUp = new AbortController();
    const ending = AbortSignal.any([stop, giveUp.signal]);
    try {
      const place = await this.#firstPlace(stop);
      this.#batcher = new Batcher(
        withinLimits(this.#options.batcher, place.welcome),
        () => this.#encoding > 0 || this.#delivery.isBusy,
      );
      const fed = this.#feed(source.read(place.positions, ending), this.#batcher);
      fed.catch(() => undefined);
      await this.#deliver(place, this.#batcher);
      await this.#delivery.drained();
      await fed;
    } finally {
      giveUp.abort();
      this.#batcher?.end();
      this.#options.levels?.stop();
      const failure = await this.#delivery.close(closeTimeoutMs);
      if (failure !== undefined && this.mode === 'plain') {
        throw new ShipperError(
          'gave_up',
          `the receiver did not close the connection in order (${failure.message}): the end of what was sent may be lost`,
        );
      }
    }
    if (inFlight(this.counts) > 0)
      throw new ShipperError('gave_up', `${inFlight(this.counts)} entries were not acknowledged`);
  }

  async #firstPlace(stop: AbortSignal): Promise<Place> {
    const stopped = new Promise<never>((_resolve, reject) => {
      stop.addEventListener(
        'abort',
        () => reject(new ShipperError('closed', 'stopped before the receiver was reached')),
        { once: true },
      );
    });
    return Promise.race([this.#delivery.place, stopped]);
  }

  async #feed(chunks: ReturnType<Source['read']>, batcher: Batcher): Promise<void> {
    try {
      for await (const chunk of chunks) {
        this.counts.read += chunk.lines.count;
        await batcher.add(chunk);
      }
    } finally {
      batcher.end();
    }
  }

  async #deliver({ nextSequence }: Place, batcher: Batcher): Promise<void> {
    let sequence = nextSequence;
    const encoded = mapInOrder(batcher.batches(), COMPRESSED_AT_ONCE, async (batch) => {
      this.#encoding += 1;
      return encodeBatch({ ...batch, sequence: sequence++ }, this.#delivery.mode, this.#compression());
    });
    for await (const batch of encoded) {
      this.counts.batches += 1;
      this.counts.rawBytes += batch.rawLength;
      this.counts.wireBytes += batch.head.length + batch.body.length;
      const sent = this.#delivery.send(batch);
      this.#encoding -= 1;
      await sent;
    }
  }

  /** What the receiver takes, at the level of the moment. */
  #compression(): Compression {
    const { compression } = this.#options;
    const { algorithms, mode } = this.#delivery;
    const isTaken =
      mode === 'acked'
        ? (algorithms?.includes(compression.algorithm) ?? true)
        : compression.algorithm !== 'zstd';
    return { ...compression, level: this.level, algorithm: isTaken ? compression.algorithm : 'gzip' };
  }
}

/** Batches that fit what the receiver takes, compressed or not, with room for their prefix. */
function withinLimits(options: BatcherOptions, welcome: Place['welcome']): BatcherOptions {
  if (welcome === undefined) return options;
  const most = Math.min(welcome.maxBatchBytes, welcome.maxFrameBytes - PREFIX_ROOM_BYTES);
  return { ...options, maxBytes: Math.max(1, Math.min(options.maxBytes, most)) };
}
