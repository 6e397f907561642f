/**
 * Many small batches to one block: for peers that do not number theirs (plain TCP). It is a shipper of its own, so its
 * blocks are numbered, and `verify` sees a missing one.
 */
import { crc32 } from 'node:zlib';
import { LOCAL_SHIPPER_PREFIX } from '../archive/block.ts';
import type { CommitLog } from '../archive/commit_log.ts';
import type { SegmentFormat } from '../archive/format.ts';
import type { Lines } from '../entry.ts';

/** A block is closed at this size: past it compression gains nothing. */
const FULL_BYTES = 256 * 1024;

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
  readonly pieces: Buffer[];
  bytes: number;
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

  /** As `add`; tells too when the entries take no more memory. */
  take(lines: Lines): Added {
    this.#gathering ??= this.#begin();
    const gathering = this.#gathering;
    gathering.pieces.push(lines.bytes);
    gathering.bytes += lines.bytes.length;
    gathering.count += lines.count;
    if (gathering.bytes >= FULL_BYTES) this.flush();
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

  #begin(): Gathering {
    this.#linger = setTimeout(() => this.flush(), this.#options.lingerMs);
    return {
      pieces: [],
      bytes: 0,
      count: 0,
      settled: Promise.withResolvers<void>(),
      packed: Promise.withResolvers<void>(),
    };
  }

  async #store({ pieces, count, packed }: Gathering): Promise<void> {
    const { log, now } = this.#options;
    const packing = this.#pack(pieces).finally(packed.resolve);
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

  /** Compresses the pieces, and lets go of them: a block may wait long for the disk. */
  async #pack(pieces: Buffer[]): Promise<{ rawLength: number; crc: number; body: Buffer }> {
    const { format, level } = this.#options;
    const raw = Buffer.concat(pieces);
    pieces.length = 0;
    return { rawLength: raw.length, crc: crc32(raw), body: await format.compress(raw, level) };
  }
}
