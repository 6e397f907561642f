/**
 * Many small batches to one block: for peers that do not number theirs (plain TCP). It is a shipper of its own, so its
 * blocks are numbered, and `verify` sees a missing one.
 */
import { crc32 } from 'node:zlib';
import { LOCAL_SHIPPER_PREFIX, type Block } from '../archive/block.ts';
import type { CommitLog } from '../archive/commit_log.ts';
import type { SegmentFormat } from '../archive/format.ts';
import { timeRangeOf } from '../archive/time_range.ts';
import type { Lines } from '../entry.ts';

/** A block that gathers is no larger: past it compression gains nothing. */
const FULL_BYTES = 256 * 1024;

/** Past so many blocks that are being compressed there is no room. Their buffers gather the next ones: new memory is slow. */
const PACKED_AT_ONCE = 4;

export interface BlockBuilderOptions {
  /** Follows `@` in the shipper id. */
  readonly name: string;
  readonly log: CommitLog;
  readonly format: SegmentFormat;
  readonly level: number;
  /** How long the first entry of a block waits for company. */
  readonly lingerMs: number;
  readonly now: () => number;
}

interface Gathering {
  bytes: Buffer;
  /** How much of `bytes` is filled with lines. */
  fill: number;
  count: number;
  readonly settled: PromiseWithResolvers<void>;
  /** Settles when the entries are compressed, and in memory no more. */
  readonly packed: PromiseWithResolvers<void>;
}

/** What became of entries that were added. */
export interface Added {
  readonly packed: Promise<void>;
  readonly durable: Promise<void>;
}

export class BlockBuilder {
  readonly #options: BlockBuilderOptions;
  readonly #shipperId: string;
  readonly #epoch: number;
  #sequence: number;
  #gathering: Gathering | undefined;
  #linger: NodeJS.Timeout | undefined;
  readonly #spare: Buffer[] = [];
  /** Blocks that are being compressed. */
  readonly #packing = new Set<Promise<unknown>>();
  /** Blocks are given to the log in order, while later ones are being compressed. */
  #ordered: Promise<void> = Promise.resolve();

  private constructor(options: BlockBuilderOptions, shipperId: string, epoch: number, sequence: number) {
    this.#options = options;
    this.#shipperId = shipperId;
    this.#epoch = epoch;
    this.#sequence = sequence;
  }

  /** Goes on with the numbers of the builder of this name before it. */
  static async create(options: BlockBuilderOptions): Promise<BlockBuilder> {
    const shipperId = LOCAL_SHIPPER_PREFIX + options.name;
    const last = await options.log.resumePoint(shipperId);
    return new BlockBuilder(options, shipperId, last?.epoch ?? options.now(), last?.sequence ?? 0);
  }

  /** Settles once these entries are durable. Rejects as `CommitLog.append` does. */
  add(lines: Lines): Promise<void> {
    return this.take(lines).durable;
  }

  /** Settles once it can take entries without memory growing: compressing is slower than all before it. */
  async hasRoom(): Promise<void> {
    while (this.#packing.size >= PACKED_AT_ONCE) await Promise.race(this.#packing);
  }

  /** As `add`; tells too when the entries take no more memory. Of `lines` nothing is kept, but where they fill a block. */
  take({ bytes, count }: Lines): Added {
    if (bytes.length > FULL_BYTES - (this.#gathering?.fill ?? 0)) this.flush();
    const isFull = bytes.length > FULL_BYTES;
    const gathering = (this.#gathering ??= this.#begin(isFull ? bytes : this.#spare.pop()));
    if (!isFull) bytes.copy(gathering.bytes, gathering.fill);
    gathering.fill += bytes.length;
    gathering.count += count;
    if (gathering.fill >= FULL_BYTES) this.flush();
    return { packed: gathering.packed.promise, durable: gathering.settled.promise };
  }

  /** Sends off what waits for company. */
  flush(): void {
    const gathering = this.#gathering;
    if (gathering === undefined) return;
    clearTimeout(this.#linger);
    this.#gathering = undefined;
    const { resolve, reject } = gathering.settled;
    this.#store(gathering).then(resolve, reject);
  }

  #begin(bytes: Buffer = Buffer.allocUnsafeSlow(FULL_BYTES)): Gathering {
    this.#linger = setTimeout(() => this.flush(), this.#options.lingerMs);
    return {
      bytes,
      fill: 0,
      count: 0,
      settled: Promise.withResolvers<void>(),
      packed: Promise.withResolvers<void>(),
    };
  }

  async #store(gathering: Gathering): Promise<void> {
    const { log, now } = this.#options;
    const { count, packed } = gathering;
    const packing = this.#pack(gathering).finally(packed.resolve);
    this.#packing.add(packed.promise);
    void packed.promise.then(() => this.#packing.delete(packed.promise));
    const before = this.#ordered;
    const { promise: given, resolve: give } = Promise.withResolvers<void>();
    this.#ordered = given;
    let durable: Promise<unknown>;
    try {
      const block = await packing;
      await before;
      this.#sequence += 1;
      durable = log.append({
        shipperId: this.#shipperId,
        epoch: this.#epoch,
        sequence: this.#sequence,
        receivedAtMs: now(),
        count,
        positions: {},
        ...block,
      });
    } finally {
      give();
    }
    await durable;
  }

  /** Compresses what was gathered, and lets go of it: a block may wait long for the disk. */
  async #pack(gathering: Gathering): Promise<Pick<Block, 'rawLength' | 'crc' | 'body' | 'times'>> {
    const { format, level } = this.#options;
    const { bytes, fill } = gathering;
    gathering.bytes = NOTHING;
    const raw = bytes.subarray(0, fill);
    const times = timeRangeOf(raw);
    const stored = { rawLength: fill, crc: crc32(raw), body: await format.compress(raw, level) };
    if (bytes.length === FULL_BYTES && this.#spare.length < PACKED_AT_ONCE) this.#spare.push(bytes);
    return times === undefined ? stored : { ...stored, times };
  }
}

const NOTHING = Buffer.alloc(0);
