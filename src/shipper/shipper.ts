/**
 * The shipper: entries from a source to a receiver.
 *
 *     source ─▶ batcher ─▶ compress (several at once, in order) ─▶ delivery ═▶ receiver
 *        ▲                                                            │
 *        └──────────── resume point (sequence, positions) ◀───────────┘
 *
 * With a spool (for sources that can't be read again) it lies between compress and delivery.
 */
import { mapInOrder } from '../base/in_order.ts';
import type { Logger } from '../base/logger.ts';
import { VERSION } from '../base/version.ts';
import type { Status } from '../wire/status.ts';
import { Batcher, type BatcherOptions, type RawBatch } from './batcher.ts';
import { inFlight, noCounts, type Counts } from './counts.ts';
import { DeadLetters } from './dead_letters/dead_letters.ts';
import { Delivery, type DeliveryOptions } from './delivery.ts';
import { encodeBatch, type Compression, type Encoded } from './encode.ts';
import { firstPlace, withinLimits } from './first_place.ts';
import type { LevelController } from './level_controller.ts';
import { ShipperError } from './shipper_error.ts';
import type { Source } from './source.ts';
import type { BatchQueue } from './spool/batch_queue.ts';
import { gapBatch } from './spool/spool_file.ts';
import { Unsettled } from './unsettled.ts';

export interface ShipperOptions {
  readonly source: Source;
  readonly batcher: BatcherOptions;
  /** `level` is where an adaptive level takes over from. */
  readonly compression: Compression;
  readonly levels?: LevelController;
  readonly dial: DeliveryOptions['dial'];
  readonly reconnect: DeliveryOptions['reconnect'];
  readonly stateFolder: string;
  /** Where batches wait for the receiver, for a source that can't be read again. The shipper closes it. */
  readonly spool?: BatchQueue;
  readonly log: Logger;
  /** How long the receiver may take to close after our end. */
  readonly closeTimeoutMs: number;
}

/** Batches compressed at once: as many as the thread pool of a small machine runs, and one being awaited. */
const COMPRESSED_AT_ONCE = 3;

/** One run of a source to a receiver. */
export class Shipper {
  readonly counts: Counts = noCounts();
  readonly #options: ShipperOptions;
  readonly #deadLetters: DeadLetters;
  #batcher: Batcher | undefined;
  #delivery: Delivery | undefined;
  readonly #unsettled = new Unsettled();
  #encoding = 0;
  #waitsSeen = 0;
  /** Entries that were lost before they came to the batcher. */
  #lost = 0;
  /** Why a receiver that does not acknowledge may lack what it was sent. */
  #doubt: Error | undefined;
  /** Aborted when there is no point in reading on. */
  readonly #giveUp = new AbortController();

  constructor(options: ShipperOptions) {
    this.#options = options;
    options.levels?.watch(() => this.#isBehind());
    this.#deadLetters = new DeadLetters(options.stateFolder, options.dial.shipperId, options.log);
  }

  get level(): number {
    return this.#options.levels?.level ?? this.#options.compression.level;
  }

  get mode(): 'plain' | 'acked' {
    return this.#delivery?.mode ?? 'acked';
  }

  get isConnected(): boolean {
    return this.#delivery?.isConnected ?? false;
  }

  /**
   * Ships until the source ends or `stop` aborts, then until all of it is acknowledged; by a plain receiver: taken, and each
   * connection closed in order. Throws ShipperError where that can't be, `in_doubt` where only that order is missing: what was not
   * acknowledged is in `counts`.
   */
  async run(stop: AbortSignal): Promise<void> {
    const { spool, levels } = this.#options;
    const giveUp = this.#giveUp;
    const ending = AbortSignal.any([stop, giveUp.signal]);
    try {
      if (spool === undefined) await this.#runDirect(stop, ending);
      else await this.#runSpooled(spool, ending);
    } finally {
      giveUp.abort();
      this.#batcher?.end();
      levels?.stop();
      await this.#delivery?.close(this.#options.closeTimeoutMs);
      await spool?.close();
    }
    if (inFlight(this.counts) > 0) {
      throw new ShipperError('gave_up', `${inFlight(this.counts)} entries were not acknowledged`);
    }
    if (this.#doubt !== undefined) {
      throw new ShipperError(
        'in_doubt',
        `the receiver, which does not acknowledge, did not close a connection in order (${this.#doubt.message}): the end of what was sent over it may be lost`,
      );
    }
  }

  /** Source to receiver, what is on its way held in memory. The receiver says where to begin. */
  async #runDirect(stop: AbortSignal, ending: AbortSignal): Promise<void> {
    const { source, batcher: limits } = this.#options;
    const delivery = this.#dial({ onSettled: (sequence) => this.#unsettled.settledUpTo(sequence) });
    const place = await firstPlace(delivery, stop);
    const isBusy = (): boolean => this.#encoding > 0 || delivery.isBusy;
    const within = withinLimits(limits, place.welcome);
    const batcher = (this.#batcher = new Batcher(within, isBusy));
    const fed = this.#feed(source.read(place.positions, ending, within.maxBytes), batcher);
    fed.catch(() => undefined);
    for await (const batch of this.#encoded(batcher, place.nextSequence)) {
      const sent = delivery.send(batch);
      this.#encoding -= 1;
      await sent;
    }
    await delivery.drained();
    await fed;
    this.#doubt ??= await delivery.close(this.#options.closeTimeoutMs);
  }

  /** Source to spool, and spool to receiver, at the same time; what an earlier run left goes first. */
  async #runSpooled(spool: BatchQueue, ending: AbortSignal): Promise<void> {
    const { source, batcher: limits } = this.#options;
    this.counts.read += spool.leftEntries;
    const isBusy = (): boolean => this.#encoding > 0 || (this.isConnected && this.#delivery?.isBusy === true);
    const batcher = (this.#batcher = new Batcher(limits, isBusy));
    const fed = this.#feed(source.read({}, ending, limits.maxBytes), batcher);
    await Promise.all([fed, this.#fillSpool(spool, batcher), this.#emptySpool(spool)]);
  }

  async #fillSpool(spool: BatchQueue, batcher: Batcher): Promise<void> {
    for await (const batch of this.#encoded(batcher, 1, 'acked')) {
      await spool.append(batch);
      this.counts.dropped = this.#lost + spool.droppedEntries;
      this.#encoding -= 1;
      batcher.lineFreed();
    }
    await spool.end();
  }

  async #emptySpool(spool: BatchQueue): Promise<void> {
    for (const epoch of spool.epochs()) {
      const onSettled = (sequence: number): void => {
        spool.acknowledged(epoch, sequence);
        if (epoch === spool.epoch) this.#unsettled.settledUpTo(sequence);
      };
      const delivery = this.#dial({ epoch, onSettled });
      for await (const batch of spool.read(epoch)) await delivery.send(batch);
      await delivery.drained();
      this.#doubt ??= await delivery.close(this.#options.closeTimeoutMs);
    }
  }

  #dial(numbers: Pick<DeliveryOptions, 'epoch' | 'onSettled'>): Delivery {
    const { dial, reconnect, source, log } = this.#options;
    return (this.#delivery = new Delivery({
      ...numbers,
      dial: { ...dial, status: () => this.#status },
      reconnect,
      canReread: source.canReread,
      compression: () => this.#compression(),
      deadLetters: this.#deadLetters,
      counts: this.counts,
      log,
      onFreed: () => this.#batcher?.lineFreed(),
      onFailed: () => this.#giveUp.abort(),
    }));
  }

  /** What the receiver is told, for whoever watches. */
  get #status(): Status {
    return { version: VERSION, level: this.level, backlog: inFlight(this.counts) };
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

  /** Batches numbered and compressed, several at once, in order. `#encoding` counts those that are not on their way yet. */
  async *#encoded(
    batcher: Batcher,
    nextSequence: number,
    mode?: 'acked',
  ): AsyncGenerator<Encoded, void, undefined> {
    let sequence = nextSequence;
    const encoded = mapInOrder(batcher.batches(), COMPRESSED_AT_ONCE, async (batch) => {
      this.#encoding += 1;
      const number = sequence++;
      this.#unsettled.add(number, batch.onSettled);
      if (batch.lost !== undefined) return this.#gapOf(batch, number);
      return encodeBatch({ ...batch, sequence: number }, mode ?? this.mode, this.#compression());
    });
    for await (const batch of encoded) {
      this.counts.batches += 1;
      this.counts.rawBytes += batch.rawLength;
      this.counts.wireBytes += batch.head.length + batch.body.length;
      yield batch;
    }
  }

  /** What was lost before it got here, as a batch to send. */
  #gapOf({ lost, positions }: RawBatch, sequence: number): Encoded {
    const { entries = 0, reason = '' } = lost ?? {};
    this.counts.read += entries;
    this.#lost += entries;
    this.counts.dropped += entries;
    return gapBatch({ from: sequence, to: sequence, entries, reason, positions });
  }

  /** True where entries have waited since it was last asked, and not for the receiver: compression is what is slow. */
  #isBehind(): boolean {
    const waits = this.#batcher?.waits ?? 0;
    const hasWaited = waits > this.#waitsSeen;
    this.#waitsSeen = waits;
    return hasWaited && this.#delivery?.isHeldBack !== true;
  }

  /** What the receiver takes, at the level of the moment. */
  #compression(): Compression {
    const { compression } = this.#options;
    const algorithms = this.#delivery?.algorithms;
    const isTaken =
      this.mode === 'acked'
        ? (algorithms?.includes(compression.algorithm) ?? true)
        : compression.algorithm !== 'zstd';
    const taken = algorithms === undefined ? {} : { taken: algorithms };
    return {
      ...{ ...compression, ...taken, level: this.level },
      algorithm: isTaken ? compression.algorithm : 'gzip',
    };
  }
}
