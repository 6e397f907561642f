import { ArchiveError } from './archive_error.ts';
import type { Block } from './block.ts';
import type { AppendOutcome, ResumePoint, ShipperNumbers } from './commit_log.ts';
import { advance, nextPlace, placeIn } from './resume.ts';

/** CRCs are remembered for this many batches back, to tell a resend from other content under the same number. */
const REMEMBERED = 256;

/** What the positions of a shipper's sources may take, as JSON: READY carries them all, and every checkpoint. */
const MAX_POSITIONS_BYTES = 8 * 1024 * 1024;

/** They are measured when they may have grown by this. */
const MEASURED_EVERY_BYTES = MAX_POSITIONS_BYTES / 8;

/** Where one shipper stands in the archive: what is on disk, and what has been taken for writing. */
export class ShipperPlace {
  #taken: ShipperNumbers | undefined;
  #durable: ResumePoint | undefined;
  readonly #crcs = new Map<number, number>();
  /** Settles with the newest block taken. */
  #newest: Promise<AppendOutcome> = Promise.resolve('stored');
  #positionsBytes = 0;
  /** What was written since they were measured: they can't have grown by more. */
  #unmeasuredBytes: number;

  constructor(durable?: ResumePoint) {
    this.#taken = durable;
    this.#durable = durable;
    this.#unmeasuredBytes = durable === undefined ? 0 : MEASURED_EVERY_BYTES;
    if (durable !== undefined) this.#crcs.set(durable.sequence, durable.crc);
  }

  get durable(): ResumePoint | undefined {
    return this.#durable;
  }

  /** Settles when everything taken so far is durable. */
  get newest(): Promise<AppendOutcome> {
    return this.#newest;
  }

  /**
   * True where the block is the next one, false where it is held already. A number line that is new here (a stranger, a
   * new epoch) may begin anywhere. Throws ArchiveError `sequence_gap`, `conflict` or `too_many_sources`.
   */
  isNext(block: Block): boolean {
    const last = placeIn(this.#taken, block.epoch);
    const first = block.gap?.from ?? block.sequence;
    if (last === undefined || first === last.sequence + 1) {
      this.#expectRoomFor(block);
      return true;
    }
    if (block.sequence > last.sequence) {
      throw new ArchiveError(
        'sequence_gap',
        `batch ${first} of ${block.shipperId} came where ${last.sequence + 1} was next`,
      );
    }
    const known = block.sequence === last.sequence ? last.crc : this.#crcOf(block);
    if (known !== undefined && known !== block.crc) {
      throw new ArchiveError(
        'conflict',
        `batch ${block.sequence} of ${block.shipperId} came again with other content: its shipper must take a new epoch`,
      );
    }
    return false;
  }

  #crcOf({ epoch, sequence }: Block): number | undefined {
    return epoch === this.#taken?.epoch ? this.#crcs.get(sequence) : undefined;
  }

  take(block: Block, written: Promise<AppendOutcome>): void {
    if (this.#taken?.epoch !== block.epoch) this.#crcs.clear();
    this.#taken = nextPlace(this.#taken, block);
    this.#crcs.set(block.sequence, this.#taken.crc);
    this.#crcs.delete(block.sequence - REMEMBERED);
    this.#newest = written;
  }

  /** `headerBytes` is what its header took, with its positions. */
  wrote(block: Block, headerBytes: number): void {
    this.#durable = advance(this.#durable, block);
    this.#unmeasuredBytes += headerBytes;
    if (this.#unmeasuredBytes < MEASURED_EVERY_BYTES) return;
    this.#positionsBytes = JSON.stringify(this.#durable.positions).length;
    this.#unmeasuredBytes = 0;
  }

  #expectRoomFor({ shipperId, positions }: Block): void {
    if (this.#positionsBytes <= MAX_POSITIONS_BYTES || Object.keys(positions).length === 0) return;
    throw new ArchiveError(
      'too_many_sources',
      `the positions of the sources of ${shipperId} take ${this.#positionsBytes} bytes; at most ${MAX_POSITIONS_BYTES} are kept: divide them among several shippers`,
    );
  }
}
