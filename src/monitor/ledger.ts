import { Histogram } from './histogram.ts';
import { ShipperTable, type StoredBlock } from './shipper_table.ts';
import { ThriftCounts } from './thrift_counts.ts';

/**
 * The receiver's books, in entries: received = stored + repeated + rejected + refused + in hand, and the shippers'
 * declared losses beside them. Counted once per batch.
 */
export interface Books {
  received: number;
  stored: number;
  repeated: number;
  rejected: number;
  /** Not taken for want of a working archive, or out of turn: their shipper keeps them. */
  refused: number;
  /** Declared by shippers that had to drop them: these were never received. */
  lost: number;
}

export class Ledger implements Books {
  received = 0;
  stored = 0;
  repeated = 0;
  rejected = 0;
  refused = 0;
  lost = 0;
  batches = 0;
  /** Bytes off the sockets. */
  bytesIn = 0;
  /** NDJSON bytes before compression, of what was stored. */
  rawBytes = 0;
  /** Compressed bodies given to the archive. */
  archivedBytes = 0;
  /** Deleted by retention. */
  deletedSegments = 0;
  deletedBytes = 0;
  /** False while the archive can't be written. */
  isAcknowledging = true;
  connections = 0;
  connectionsTotal = 0;
  /** From the last byte of a numbered batch to its acknowledgement. */
  readonly acks = new Histogram();
  /** Each fdatasync of the archive. */
  readonly syncs = new Histogram();
  /** Each block that went to a stream, until its quorum had it. */
  readonly publishes = new Histogram();
  /** What a stream did not take, and was asked again. */
  publishFailures = 0;
  readonly shippers = new ShipperTable();
  /** Calls by Thrift. */
  readonly thrift = new ThriftCounts();
  readonly #errors = new Map<string, number>();
  readonly #rejects = new Map<string, number>();

  /** Counts a block that is durable. */
  store(block: StoredBlock): void {
    this.stored += block.count;
    this.batches += 1;
    this.rawBytes += block.rawLength;
    this.archivedBytes += block.body.length;
    this.shippers.stored(block);
  }

  /** Counts entries that are refused for good, and the error for which they are. */
  reject(code: string, entries: number): void {
    this.rejected += entries;
    this.error(code);
    this.#rejects.set(code, (this.#rejects.get(code) ?? 0) + entries);
  }

  /** Entries rejected, by code. */
  get rejects(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#rejects);
  }

  /** Counts an error by its code. */
  error(code: string): void {
    this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1);
  }

  get errors(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#errors);
  }

  /** Entries taken in whose fate is open. Not negative, and 0 when nothing is in hand: else the books are wrong. */
  get inHand(): number {
    return this.received - this.stored - this.repeated - this.rejected - this.refused;
  }
}
