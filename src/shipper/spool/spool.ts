/**
 * A queue on disk between a source that can't be read again and the receiver. Invariants:
 * - a batch is in a file before it is sent, under a number that never changes;
 * - each run numbers in an epoch of its own, so that a spool that went back in time (a lost disk cache, an old image)
 *   can't give one number to two batches; what an earlier run left is sent first, in its own epoch;
 * - a file is deleted when all in it is acknowledged: the receiver, not the disk, knows what that is.
 */
import { mkdir, open, readdir, rename, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { lockFolder } from '../../base/folder_lock.ts';
import type { Logger } from '../../base/logger.ts';
import { Signal } from '../../base/signal.ts';
import { encodeGap } from '../../wire/messages.ts';
import type { Encoded } from '../encode.ts';
import { ShipperError } from '../shipper_error.ts';
import {
  CRC_BYTES,
  decodeRecord,
  parseSpoolFileName,
  readRecord,
  scanSpoolFile,
  spoolFileName,
  type SpoolRecord,
} from './spool_file.ts';

export const SPOOL_FULL = ['block', 'drop_oldest', 'drop_newest'] as const;
export type SpoolFull = (typeof SPOOL_FULL)[number];

export interface SpoolOptions {
  readonly folder: string;
  readonly maxBytes: number;
  /** What happens to a batch that does not fit: the source waits, or batches are lost, counted and declared. */
  readonly full: SpoolFull;
  readonly fsync: 'always' | 'interval' | 'never';
  readonly log: Logger;
  readonly now: () => number;
}

/** One file of the queue. */
interface File {
  readonly epoch: number;
  /** The first number it holds (or held). */
  readonly first: number;
  readonly path: string;
  records: SpoolRecord[];
  bytes: number;
  /** How many of its records `read` has given out. */
  given: number;
}

/** A file is closed at this size, or an eighth of the spool: what is acknowledged is freed in such steps. */
const FILE_BYTES = 8 * 1024 * 1024;

/** Batches just written are also held in memory up to this, so that a receiver that keeps up costs no reading. */
const CACHE_BYTES = 8 * 1024 * 1024;

const FSYNC_EVERY_MS = 1000;
const RETRY_AFTER_MS = 1000;

export class Spool {
  readonly #options: SpoolOptions;
  readonly #unlock: () => Promise<void>;
  readonly #changed = new Signal();
  readonly #cache = new Map<number, Encoded>();
  readonly #deleting = new Set<Promise<void>>();
  readonly #syncTimer: NodeJS.Timeout | undefined;
  readonly epoch: number;
  /** Entries lost because the spool was full. */
  droppedEntries = 0;
  #files: File[];
  #cacheBytes = 0;
  #handle: FileHandle | undefined;
  #isDirty = false;
  #isEnded = false;
  #isClosed = false;
  #isWriting = false;
  #lastWritten = 0;
  #gap: { from: number; to: number; entries: number } | undefined;

  private constructor(options: SpoolOptions, files: File[], epoch: number, unlock: () => Promise<void>) {
    this.#options = options;
    this.#files = files;
    this.epoch = epoch;
    this.#unlock = unlock;
    if (options.fsync === 'interval')
      this.#syncTimer = setInterval(() => void this.#sync(), FSYNC_EVERY_MS).unref();
  }

  /** Opens the spool in `folder`, reading what an earlier run left. Throws ShipperError `closed` where another process has it. */
  static async open(options: SpoolOptions): Promise<Spool> {
    const { folder, log, now } = options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const unlock = await lockFolder(folder);
    if (unlock === undefined)
      throw new ShipperError('closed', `the spool ${folder} is in use by another shipper`);
    const files: File[] = [];
    const names = (await readdir(folder)).flatMap((name) => {
      const parts = parseSpoolFileName(name);
      return parts === undefined ? [] : [{ name, ...parts }];
    });
    names.sort((a, b) => a.epoch - b.epoch || a.first - b.first);
    for (const { name, epoch, first } of names) {
      const { records, bytes, finding } = await scanSpoolFile(folder, name);
      if (finding !== undefined) log.error({ folder }, `spool: ${finding}`);
      if (records.length > 0)
        files.push({ epoch, first, path: join(folder, name), records, bytes, given: 0 });
      else await unlink(join(folder, name));
    }
    const epoch = Math.max(now(), (names.at(-1)?.epoch ?? 0) + 1);
    return new Spool(options, files, epoch, unlock);
  }

  /** Bytes on disk. */
  get bytes(): number {
    return this.#files.reduce((sum, file) => sum + file.bytes, 0);
  }

  /** Entries an earlier run left. */
  get leftEntries(): number {
    const left = this.#files.filter(({ epoch }) => epoch !== this.epoch);
    return left.flatMap(({ records }) => records).reduce((sum, { count }) => sum + count, 0);
  }

  /** Settles once the batch is in a file (or dropped, as `full` says). Batches come in the order of their numbers. */
  async append(batch: Encoded): Promise<void> {
    const length = CRC_BYTES + batch.head.length + batch.body.length;
    while (!this.#isClosed && !this.#hasRoom(length)) {
      if (this.#options.full === 'drop_newest') {
        this.#drop(batch);
        return;
      }
      if (this.#options.full === 'block' || !(await this.#dropOldest())) await this.#changed.wait();
    }
    if (this.#isClosed) throw new ShipperError('closed', 'the spool is closed');
    await this.#writeGap();
    await this.#write(batch);
  }

  /** Nothing more will be appended. */
  async end(): Promise<void> {
    await this.#writeGap();
    this.#isEnded = true;
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
      if (file !== undefined && record !== undefined) {
        file.given += 1;
        yield await this.#load(file, record);
      } else if (epoch !== this.epoch || this.#isEnded || this.#isClosed) return;
      else await this.#changed.wait();
    }
  }

  /** Everything of this epoch up to `sequence` is acknowledged: files that hold nothing else are deleted. */
  acknowledged(epoch: number, sequence: number): void {
    const isDone = (file: File): boolean =>
      file.epoch === epoch && (file.records.at(-1)?.sequence ?? Infinity) <= sequence && !this.#isInUse(file);
    const done = this.#files.filter(isDone);
    if (done.length === 0) return;
    this.#files = this.#files.filter((file) => !done.includes(file));
    for (const file of done) this.#delete(file);
    this.#changed.notify();
  }

  /** The file being appended to is deleted when it has grown enough to be worth it, or nothing more comes. */
  #isInUse(file: File): boolean {
    if (file !== this.#files.at(-1) || file.epoch !== this.epoch) return false;
    return this.#isWriting || (!this.#isEnded && file.bytes < this.#fileBytes / 2);
  }

  get #fileBytes(): number {
    return Math.min(FILE_BYTES, this.#options.maxBytes / 8);
  }

  /** Closes the files and gives the folder free; what is not acknowledged stays for the next run. Twice is fine. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#changed.notify();
    clearInterval(this.#syncTimer);
    await this.#sync();
    await this.#handle?.close();
    this.#handle = undefined;
    await Promise.all(this.#deleting);
    await this.#unlock();
  }

  #hasRoom(length: number): boolean {
    return this.#files.length === 0 || this.bytes + length <= this.#options.maxBytes;
  }

  #drop({ sequence, count }: Pick<Encoded, 'sequence' | 'count'>): void {
    if (this.#gap === undefined) {
      this.#gap = { from: sequence, to: sequence, entries: 0 };
      this.#options.log.error(
        { full: this.#options.full },
        'the spool is full (SPOOL_MAX_BYTES): batches are dropped',
      );
    }
    this.#gap.to = sequence;
    this.#gap.entries += count;
    this.droppedEntries += count;
  }

  /** Writes what was dropped since the last batch as one declared gap. */
  async #writeGap(): Promise<void> {
    const gap = this.#gap;
    if (gap === undefined) return;
    this.#gap = undefined;
    await this.#write(gapBatch(gap.from, gap.to, gap.entries));
  }

  /** Deletes the oldest file of which nothing was given out, leaving a gap in its place; false where there is none. */
  async #dropOldest(): Promise<boolean> {
    const index = this.#files.findIndex(
      (file) =>
        file !== this.#files.at(-1) && file.given === 0 && file.records.some(({ count }) => count > 0),
    );
    const file = this.#files[index];
    const last = file?.records.at(-1);
    if (file === undefined || last === undefined) return false;
    const { first } = file;
    const entries = file.records.reduce((sum, { count }) => sum + count, 0);
    this.#options.log.error(
      { from: first, to: last.sequence, entries },
      'the spool is full (SPOOL_MAX_BYTES): its oldest batches are dropped',
    );
    for (const { sequence } of file.records) this.#uncache(sequence);
    const { bytes, record } = recordOf(gapBatch(first, last.sequence, entries), 0);
    const replacement = await open(`${file.path}.new`, 'w', 0o600);
    try {
      await replacement.writeFile(bytes);
      await replacement.sync();
    } finally {
      await replacement.close();
    }
    await rename(`${file.path}.new`, file.path);
    file.records = [record];
    file.bytes = bytes.length;
    this.droppedEntries += entries;
    return true;
  }

  async #write(batch: Encoded): Promise<void> {
    this.#isWriting = true;
    for (;;) {
      try {
        const file = await this.#current(batch.sequence);
        const { bytes, record } = recordOf(batch, file.bytes);
        await this.#handle?.write(bytes, 0, bytes.length, file.bytes);
        if (this.#options.fsync === 'always') await this.#handle?.datasync();
        this.#isDirty = true;
        file.records.push(record);
        this.#lastWritten = record.sequence;
        file.bytes += bytes.length;
        if (this.#cacheBytes + record.length <= CACHE_BYTES) {
          this.#cache.set(batch.sequence, batch);
          this.#cacheBytes += record.length;
        }
        this.#isWriting = false;
        this.#changed.notify();
        return;
      } catch (error) {
        this.#options.log.error({ err: error }, `the spool can't be written: ${(error as Error).message}`);
        if (this.#isClosed) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS));
      }
    }
  }

  /** The file to append to: a new one where the last is full, of an earlier run, or gone. */
  async #current(sequence: number): Promise<File> {
    const last = this.#files.at(-1);
    if (last?.epoch === this.epoch && this.#handle !== undefined && last.bytes < this.#fileBytes) return last;
    await this.#sync();
    await this.#handle?.close();
    this.#handle = undefined;
    const path = join(this.#options.folder, spoolFileName({ epoch: this.epoch, first: sequence }));
    this.#handle = await open(path, 'w+', 0o600);
    const file = { epoch: this.epoch, first: sequence, path, records: [], bytes: 0, given: 0 };
    this.#files.push(file);
    return file;
  }

  async #load(file: File, record: SpoolRecord): Promise<Encoded> {
    const cached = file.epoch === this.epoch ? this.#uncache(record.sequence) : undefined;
    if (cached !== undefined) return cached;
    await using handle = await open(file.path, 'r');
    return await readRecord(handle, record);
  }

  #uncache(sequence: number): Encoded | undefined {
    const batch = this.#cache.get(sequence);
    if (batch === undefined) return undefined;
    this.#cache.delete(sequence);
    this.#cacheBytes -= batch.head.length + batch.body.length;
    return batch;
  }

  #delete(file: File): void {
    for (const { sequence } of file.records) if (file.epoch === this.epoch) this.#uncache(sequence);
    const isOpen = file.epoch === this.epoch && file.records.at(-1)?.sequence === this.#lastWritten;
    if (isOpen) this.#letGo();
    const deleting = unlink(file.path).catch((error: unknown) =>
      this.#options.log.warn({ err: error }, 'a spool file could not be deleted'),
    );
    this.#deleting.add(deleting);
    void deleting.finally(() => this.#deleting.delete(deleting));
  }

  /** Closes the file being appended to, which is about to be deleted. */
  #letGo(): void {
    const handle = this.#handle;
    this.#handle = undefined;
    this.#isDirty = false;
    void handle
      ?.close()
      .catch((error: unknown) => this.#options.log.warn({ err: error }, 'a spool file could not be closed'));
  }

  async #sync(): Promise<void> {
    if (!this.#isDirty || this.#handle === undefined || this.#options.fsync === 'never') return;
    this.#isDirty = false;
    try {
      await this.#handle.datasync();
    } catch (error) {
      this.#options.log.error({ err: error }, 'the spool could not be forced to disk');
    }
  }
}

function recordOf(batch: Encoded, at: number): { bytes: Buffer; record: SpoolRecord } {
  const length = batch.head.length + batch.body.length;
  const bytes = Buffer.concat([Buffer.alloc(CRC_BYTES), batch.head, batch.body]);
  bytes.writeUInt32BE(crc32(bytes.subarray(CRC_BYTES)), 0);
  return { bytes, record: { sequence: batch.sequence, count: batch.count, offset: at + CRC_BYTES, length } };
}

const gapBatch = (from: number, to: number, entries: number): Encoded =>
  decodeRecord(encodeGap({ from, to, entries, reason: 'the spool was full' }));
