/**
 * The commit log on NATS JetStream: a block is durable when the quorum of its partition's stream has it. All that is
 * remembered lies there too, so any number of receivers share it, and a shipper goes on through any of them.
 *
 *     append ─▶ shipper_chain (is it next?) ─▶ block_publisher ─▶ the shipper's subject
 *                    └ at first, and where another was quicker: shipper_messages ─▶ place_store
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ArchiveError } from '../archive/archive_error.ts';
import { LOCAL_SHIPPER_PREFIX, type Block } from '../archive/block.ts';
import type { AppendOutcome, LogReport, ReceiverLog, ResumePoint } from '../archive/commit_log.ts';
import { FORMATS, type FormatName } from '../archive/format.ts';
import { BlockPublisher, ENVELOPE_BYTES } from './block_publisher.ts';
import type { Bucket } from './bucket.ts';
import { BucketBindings } from './bucket_bindings.ts';
import { connectNats, type Nats, type NatsOptions } from './connection.ts';
import { JetStreamError } from './jetstream_error.ts';
import { partitionOf, streamOf } from './names.ts';
import { Outage } from './outage.ts';
import { PlaceStore } from './place_store.ts';
import { ShipperChain } from './shipper_chain.ts';
import { ShipperChains } from './shipper_chains.ts';
import { ShipperMessages } from './shipper_messages.ts';
import { prepareStreams, type StreamSettings } from './streams.ts';

export interface JetStreamLogOptions {
  readonly nats: NatsOptions;
  readonly streams: StreamSettings;
  /** Of what blocks hold. */
  readonly format: FormatName;
  readonly report?: JetStreamReport;
}

export interface JetStreamReport extends LogReport {
  /** A block was taken so long after it was published. */
  published?(seconds: number): void;
  /** NATS did not do as asked; it is asked again. */
  failed?(): void;
}

/** The longest header of a block, with source positions. */
const BLOCK_HEADER_BYTES = 65 * 1024;

/** By so much what does not compress may grow: deflate's five bytes for each 16 KiB, and more. */
const GROWTH_BYTES = 16 * 1024;

/** Smaller messages than this would make batches too small. */
const LEAST_MESSAGE_BYTES = 256 * 1024;

/** What was written and not saved is saved this often, so that a new start has little to read. */
const SAVE_EVERY_MS = 10_000;

interface Partition {
  readonly outage: Outage;
  readonly publisher: BlockPublisher;
}

export class JetStreamLog implements ReceiverLog {
  readonly localSuffix: string;
  /** Which shipper id belongs to whom. */
  readonly bindings: BucketBindings;
  readonly #options: JetStreamLogOptions;
  readonly #nats: Nats;
  readonly #bucket: Bucket;
  readonly #places: PlaceStore;
  readonly #partitions: readonly Partition[];
  /** The run of this receiver. */
  readonly #claim = randomUUID();
  readonly #closing = new AbortController();
  readonly #chains = new ShipperChains((shipperId) => this.#newChain(shipperId));
  readonly #saving: Promise<void>;
  #closed: Promise<void> | undefined;
  #isTroubled = false;
  /** True once the connection was ended, which is no trouble. */
  #isEnded = false;
  #troubleAtEnd: Error | undefined;

  private constructor(options: JetStreamLogOptions, nats: Nats, bucket: Bucket) {
    this.#options = options;
    this.#nats = nats;
    this.#bucket = bucket;
    this.localSuffix = `-${this.#claim.slice(0, 8)}`;
    this.bindings = new BucketBindings(bucket);
    this.#places = new PlaceStore(nats, bucket);
    const { stream, partitions } = options.streams;
    this.#partitions = Array.from({ length: partitions }, (_, n) => this.#partition(streamOf(stream, n)));
    nats.onChange(() => this.#tellTrouble());
    this.#saving = this.#keepSaving();
  }

  /** Connects, and makes the streams where they are not there yet. Rejects with JetStreamError: `connectNats`, `prepareStreams`. */
  static async open(options: JetStreamLogOptions): Promise<JetStreamLog> {
    const nats = await connectNats(options.nats);
    try {
      expectRoom(nats);
      return new JetStreamLog(options, nats, await prepareStreams(nats, options.streams));
    } catch (error) {
      await nats[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** What is known beside the messages. */
  get bucket(): Bucket {
    return this.#bucket;
  }

  /** A batch of so many bytes fits into a message however it compresses. */
  get maxBatchBytes(): number {
    return this.#nats.maxMessageBytes - ENVELOPE_BYTES - BLOCK_HEADER_BYTES - GROWTH_BYTES;
  }

  /** Of any partition. */
  get trouble(): Error | undefined {
    if (this.#isEnded) return this.#troubleAtEnd;
    return this.#nats.trouble ?? this.#troubles.find((trouble) => trouble !== undefined);
  }

  /** Of all partitions. */
  get standstill(): Error | undefined {
    const isWhole = this.#troubles.every((trouble) => trouble !== undefined);
    return this.#isEnded || isWhole ? this.trouble : this.#nats.trouble;
  }

  troubleOf(shipperId: string): Error | undefined {
    return this.#nats.trouble ?? this.#partitionOf(shipperId).outage.trouble;
  }

  get #troubles(): (Error | undefined)[] {
    return this.#partitions.map(({ outage }) => outage.trouble);
  }

  /** A stream that does not answer is in trouble. */
  get stall(): undefined {
    return undefined;
  }

  /** Its readers see what the quorum has. */
  published(): Promise<void> {
    return Promise.resolve();
  }

  async append(block: Block): Promise<AppendOutcome> {
    return this.#chainOf(block.shipperId).append(block);
  }

  async resumePoint(shipperId: string): Promise<ResumePoint | undefined> {
    return this.#chainOf(shipperId).resumePoint();
  }

  /** Tries once more what is on its way, saves where the shippers stand, and ends the connection. Twice is fine. */
  [Symbol.asyncDispose](): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([this.#saving, this.#chains.settled()]);
    if (this.trouble === undefined) await this.#chains.save();
    this.#troubleAtEnd = this.trouble;
    this.#isEnded = true;
    await this.#nats[Symbol.asyncDispose]();
  }

  async #keepSaving(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await delay(SAVE_EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
      if (!signal.aborted && this.trouble === undefined) await this.#chains.save();
    }
  }

  #chainOf(shipperId: string): ShipperChain {
    if (this.#closing.signal.aborted) throw new ArchiveError('closed', 'the log is closed');
    return this.#chains.of(shipperId);
  }

  #newChain(shipperId: string): ShipperChain {
    const { streams, report } = this.#options;
    return new ShipperChain({
      ...this.#partitionOf(shipperId),
      messages: new ShipperMessages(shipperId, streams, this.#nats, this.#places),
      places: this.#places,
      claim: this.#claim,
      isShared: !shipperId.startsWith(LOCAL_SHIPPER_PREFIX),
      stored: (block) => report?.stored?.(block),
      found: (finding) => report?.found?.(finding),
    });
  }

  #partitionOf(shipperId: string): Partition {
    const partition = this.#partitions[partitionOf(shipperId, this.#partitions.length)];
    if (partition === undefined) throw new RangeError(`no partition for ${shipperId}`);
    return partition;
  }

  #partition(stream: string): Partition {
    const { report, format } = this.#options;
    const nats = this.#nats;
    const outage = new Outage({
      nats,
      stream,
      onChange: (trouble) => {
        if (trouble !== undefined) this.#lookAtAll();
        this.#tellTrouble();
      },
      onFailure: () => report?.failed?.(),
      closing: this.#closing.signal,
    });
    const publisher = new BlockPublisher({
      nats,
      outage,
      format: FORMATS[format],
      claim: this.#claim,
      published: (seconds) => report?.published?.(seconds),
      closing: this.#closing.signal,
    });
    return { outage, publisher };
  }

  /** Where one partition is in trouble all may be, also those in which nobody writes. */
  #lookAtAll(): void {
    for (const { outage } of this.#partitions) void outage.look();
  }

  /** One outage, however many partitions have their part in it. */
  #tellTrouble(): void {
    const { report } = this.#options;
    const { trouble } = this;
    if ((trouble !== undefined) === this.#isTroubled) return;
    this.#isTroubled = trouble !== undefined;
    if (trouble === undefined) report?.recovered?.();
    else report?.troubled?.(trouble);
  }
}

function expectRoom({ maxMessageBytes }: Nats): void {
  if (maxMessageBytes >= LEAST_MESSAGE_BYTES) return;
  throw new JetStreamError(
    'bad_settings',
    `NATS takes messages of ${maxMessageBytes} bytes; its max_payload has to be ${LEAST_MESSAGE_BYTES} at least, 8 MiB is recommended`,
  );
}
