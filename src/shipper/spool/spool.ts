/**
 * A queue on disk between a source that can't be read again and the receiver. Invariants:
 * - a batch is in a file before it is sent, under a number that never changes;
 * - each run numbers in an epoch of its own, so that a spool that went back in time (a lost disk cache, an old image)
 *   can't give one number to two batches; what an earlier run left is sent first, in its own epoch;
 * - the numbers of an epoch follow each other: where batches were lost there is a GAP;
 * - a file is deleted when all in it is acknowledged: the receiver, not the disk, knows what that is.
 */
import { unlink } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Signal } from '../../base/signal.ts';
import type { Encoded } from '../encode.ts';
import { ShipperError } from '../shipper_error.ts';
import { BatchCache } from './batch_cache.ts';
import type { BatchQueue } from './batch_queue.ts';
import { dropOldest } from './drop_oldest.ts';
import { PendingGap } from './pending_gap.ts';
import { entriesIn, readRecord, recordBytes, type SpoolFile, type SpoolRecord } from './spool_file.ts';
import type { SpoolOptions } from './spool_options.ts';
import { takeSpool } from './spool_recovery.ts';
import { SpoolTail } from './spool_tail.ts';

/** A file is closed at this size, or an eighth of the spool: what is acknowledged is freed in such steps. */
const FILE_BYTES = 8 * 1024 * 1024;

/** Batches just written are also held in memory up to this, so that a receiver that keeps up costs no reading. */
const CACHE_BYTES = 8 * 1024 * 1024;

/** Kept free for the GAP that says what was dropped. */
const GAP_ROOM_BYTES = 256;

export class Spool implements BatchQueue {
  readonly #options: SpoolOptions;
  readonly #unlock: () => Promise<void>;
  readonly #changed = new Signal();
  readonly #cache = new BatchCache(CACHE_BYTES);
  readonly #tail: SpoolTail;
  readonly #gap = new PendingGap();
  readonly #fileBytes: number;
  readonly #closing = new AbortController();
  /** The highest number acknowledged, by epoch. */
  readonly #acknowledged = new Map<number, number>();
  readonly epoch: number;
  /** Entries lost because the spool was full. */
  droppedEntries = 0;
  #files: SpoolFile[];
  #deleting: Promise<void> = Promise.resolve();
  #isEnded = false;
  #isWriting = false;
  #needsRoom = false;

  private constructor(options: SpoolOptions, files: SpoolFile[], epoch: number, unlock: () => Promise<void>) {
    this.#options = options;
    this.#files = files;
    this.epoch = epoch;
    this.#unlock = unlock;
    this.#fileBytes = Math.min(FILE_BYTES, options.maxBytes / 8);
    this.#tail = new SpoolTail(options.folder, options.fsync, options.log);
  }

  /** Opens the spool in `folder`, with what an earlier run left. Throws ShipperError `closed` where another process has it. */
  static async open(options: SpoolOptions): Promise<Spool> {
    const { files, lastEpoch, unlock } = await takeSpool(options.folder, options.log);
    return new Spool(options, files, Math.max(options.now(), lastEpoch + 1), unlock);
  }

  /** Bytes on disk. */
  get bytes(): number {
    return this.#files.reduce((sum, file) => sum + file.bytes, 0);
  }

  /** Bytes held in memory beside the disk. */
  get cachedBytes(): number {
    return this.#cache.bytes;
  }

  /** Entries an earlier run left. */
  get leftEntries(): number {
    return this.#files.reduce((sum, file) => sum + (file.epoch === this.epoch ? 0 : entriesIn(file)), 0);
  }

  /** Settles once the batch is in a file (or dropped, as `full` says). Batches of mode `acked` come in the order of their numbers, one at a time. */
  async append(batch: Encoded): Promise<void> {
    if (await this.#hasRoomFor(recordBytes(batch))) {
      await this.#writeGap();
      await this.#write(batch);
    } else this.#dropNewest(batch);
  }

  /** Nothing more will be appended. */
  async end(): Promise<void> {
    await this.#writeGap();
    this.#isEnded = true;
    this.#release();
    this.#changed.notify();
  }

  /** The epochs to deliver, in order: those left by earlier runs, then this run's. */
  epochs(): number[] {
    return [...new Set([...this.#files.map(({ epoch }) => epoch), this.epoch])];
  }

  /** Yields the batches of an epoch in order; for this run's until the end, for an earlier one what is left. To be iterated once. */
  async *read(epoch: number): AsyncGenerator<Encoded, void, undefined> {
    for (;;) {
      const file = this.#files.find((one) => one.epoch === epoch && one.given < one.records.length);
      const record = file?.records[file.given];
      if (file !== undefined && record !== undefined && file.state !== 'dropping') {
        file.state = 'held';
        const batch = await this.#load(file, record);
        file.given += 1;
        yield batch;
      } else if (file === undefined && (epoch !== this.epoch || this.#isEnded)) return;
      else if (this.#closing.signal.aborted) return;
      else await this.#changed.wait();
    }
  }

  /** Everything of this epoch up to `sequence` is acknowledged: files of which all was given out and nothing is awaited are deleted. */
  acknowledged(epoch: number, sequence: number): void {
    this.#acknowledged.set(epoch, Math.max(sequence, this.#acknowledged.get(epoch) ?? 0));
    this.#release();
  }

  /** Closes the files and gives the folder free; what is not acknowledged stays for the next run. Twice is fine. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#changed.notify();
    while (this.#isWriting) await this.#changed.wait();
    await this.#tail.close();
    for (const file of this.#files) if (file.records.length === 0) this.#delete(file);
    await this.#deleting;
    await this.#unlock();
  }

  /** Waits, or drops older batches, until so many bytes fit. False: this batch is to be dropped. */
  async #hasRoomFor(length: number): Promise<boolean> {
    const { full, maxBytes } = this.#options;
    const hasRoom = (): boolean =>
      this.#files.length === 0 || this.bytes + length + GAP_ROOM_BYTES <= maxBytes;
    try {
      while (!hasRoom() && !this.#closing.signal.aborted) {
        this.#needsRoom = true;
        this.#release();
        if (hasRoom()) return true;
        if (full === 'block') await this.#changed.wait();
        else if (full === 'drop_newest' || !(await this.#dropOldest())) return false;
      }
      return true;
    } finally {
      this.#needsRoom = false;
    }
  }

  /** False where nothing older can be dropped: what is being delivered is not. */
  async #dropOldest(): Promise<boolean> {
    const dropped = await dropOldest(this.#files, this.#tail.file, this.#options);
    if (dropped !== undefined) {
      this.#files = this.#files.filter((file) => file !== dropped.gone);
      if (dropped.epoch === this.epoch)
        for (const { sequence } of dropped.records) this.#cache.take(sequence);
      this.droppedEntries += dropped.entries;
    }
    this.#changed.notify();
    return dropped !== undefined;
  }

  #dropNewest(batch: Encoded): void {
    const { full, log } = this.#options;
    if (this.#gap.add(batch)) log.error({ full }, 'the spool is full (SPOOL_MAX_BYTES): batches are dropped');
    this.droppedEntries += batch.count;
  }

  /** Writes what was dropped since the last batch as one declared gap. */
  async #writeGap(): Promise<void> {
    const gap = this.#gap.get();
    if (gap !== undefined) await this.#write(gap.batch, gap.from);
    this.#gap.clear();
  }

  /** Writes until the disk takes it. Throws ShipperError `closed` when that comes first. */
  async #write(batch: Encoded, from = batch.sequence): Promise<void> {
    const { log, retryAfterMs = 1000 } = this.#options;
    const { signal } = this.#closing;
    for (let isWritten = false; !isWritten;) {
      if (signal.aborted) throw new ShipperError('closed', 'the spool is closed');
      this.#isWriting = true;
      try {
        await this.#openFor(from);
        await this.#tail.append(batch);
        if (batch.gapFrom === undefined) this.#cache.offer(batch);
        isWritten = true;
      } catch (error) {
        log.error({ err: error }, `the spool can't be written: ${(error as Error).message}`);
      } finally {
        this.#isWriting = false;
        this.#changed.notify();
      }
      if (!isWritten) {
        this.#needsRoom = true;
        this.#release();
        await delay(retryAfterMs, undefined, { signal }).catch(() => undefined);
        this.#needsRoom = false;
      }
    }
  }

  /** Begins a new file where there is none to append to or it is full. */
  async #openFor(first: number): Promise<void> {
    const { file } = this.#tail;
    if (file !== undefined && file.bytes < this.#fileBytes) return;
    this.#files.push(await this.#tail.begin({ epoch: this.epoch, first }));
  }

  async #load(file: SpoolFile, record: SpoolRecord): Promise<Encoded> {
    // A GAP ends with the number of a batch that may still be in memory: it is not that batch.
    const isCached = file.epoch === this.epoch && record.count > 0;
    const cached = isCached ? this.#cache.take(record.sequence) : undefined;
    return cached ?? readRecord(file.path, record);
  }

  /** Deletes the files that are done with. */
  #release(): void {
    const done = this.#files.filter((file) => this.#isDone(file));
    if (done.length === 0) return;
    this.#files = this.#files.filter((file) => !done.includes(file));
    for (const file of done) this.#delete(file);
    this.#changed.notify();
  }

  #isDone(file: SpoolFile): boolean {
    const last = file.records.at(-1);
    if (last === undefined || file.given < file.records.length) return false;
    if (last.sequence > (this.#acknowledged.get(file.epoch) ?? 0)) return false;
    if (file !== this.#tail.file) return true;
    const isWorthIt = this.#isEnded || this.#needsRoom || file.bytes >= this.#fileBytes / 2;
    return isWorthIt && !this.#isWriting;
  }

  /** One after the other, so that a crash leaves the later ones and no hole. */
  #delete(file: SpoolFile): void {
    const closed = file === this.#tail.file ? this.#tail.letGo() : undefined;
    this.#deleting = this.#deleting.then(async () => {
      await closed;
      await unlink(file.path).catch((error: unknown) =>
        this.#options.log.warn({ err: error }, 'a spool file could not be deleted'),
      );
    });
  }
}
