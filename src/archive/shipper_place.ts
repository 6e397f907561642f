import { ArchiveError } from './archive_error.ts';
import type { Block } from './block.ts';
import type { AppendOutcome, ResumePoint } from './commit_log.ts';
import { advance, placeIn } from './resume.ts';

/** CRCs are remembered for this many batches back, to tell a resend from other content under the same number. */
const REMEMBERED = 256;

/** Where one shipper stands in the archive: what is on disk, and what has been taken for writing. */
export class ShipperPlace {
  #taken: ResumePoint | undefined;
  #durable: ResumePoint | undefined;
  readonly #crcs = new Map<number, number>();
  /** Settles with the newest block taken. */
  #newest: Promise<AppendOutcome> = Promise.resolve('stored');

  constructor(durable?: ResumePoint) {
    this.#taken = durable;
    this.#durable = durable;
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
   * new epoch) may begin anywhere. Throws ArchiveError `sequence_gap` or `conflict`.
   */
  isNext(block: Block): boolean {
    const last = placeIn(this.#taken, block.epoch);
    const first = block.gap?.from ?? block.sequence;
    if (last === undefined || first === last.sequence + 1) return true;
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
    this.#taken = advance(this.#taken, block);
    this.#crcs.set(block.sequence, block.crc);
    this.#crcs.delete(block.sequence - REMEMBERED);
    this.#newest = written;
  }

  wrote(block: Block): void {
    this.#durable = advance(this.#durable, block);
  }
}
