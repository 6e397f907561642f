/**
 * The archive on local disk: a folder of segments, one writer. Blocks are written in the order they are appended; all
 * that wait go to disk as one group with one writev and one fdatasync, and settle together.
 */
import { mkdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { lockFolder } from '../base/folder_lock.ts';
import { ArchiveError } from './archive_error.ts';
import type { Block } from './block.ts';
import { loadCheckpoint, saveCheckpoint } from './checkpoint.ts';
import { CommittedMark } from './committed.ts';
import type { AppendOutcome, LogReport, ReceiverLog, ResumePoint } from './commit_log.ts';
import { systemDisk, type Disk } from './disk.ts';
import { FORMATS, encodeMember, type FormatName, type Member } from './format.ts';
import { recover } from './recovery.ts';
import { Retention, type RetentionLimits, type StoredSegment } from './retention.ts';
import { SegmentWriter, type FsyncPolicy } from './segment_writer.ts';
import { ShipperPlace } from './shipper_place.ts';
import { StallWatch } from './stall_watch.ts';

export interface ArchiveOptions {
  readonly folder: string;
  readonly format: FormatName;
  /** A segment is closed before a block that would take it past this; a block larger than that has one of its own. */
  readonly segmentMaxBytes: number;
  readonly fsync: FsyncPolicy;
  /** With `interval`: how long a written block may be unsynced. */
  readonly fsyncEveryMs?: number;
  readonly disk?: Disk;
  readonly now?: () => number;
  /** How long to wait before a failed write is tried again. */
  readonly retryAfterMs?: number;
  readonly retention?: RetentionLimits;
  /** A write or sync that takes longer than about this is told as `stalled`. */
  readonly stalledAfterMs?: number;
  /** Retention is looked after at each rotation, and this often. */
  readonly retainEveryMs?: number;
  readonly report?: ArchiveReport;
}

/** What the archive has to say besides answers. */
export interface ArchiveReport extends LogReport {
  /** Retention deleted a segment. */
  deleted?(segment: StoredSegment): void;
  /** The disk takes its time: nothing is acknowledged until it is called again, with nothing. */
  stalled?(stall: Error | undefined): void;
}

interface Waiting {
  readonly block: Block;
  readonly member: Member;
  readonly resolve: (outcome: AppendOutcome) => void;
  readonly reject: (error: Error) => void;
}

export class Archive implements ReceiverLog {
  readonly localSuffix = '';
  readonly #options: ArchiveOptions;
  readonly #writer: SegmentWriter;
  readonly #mark: CommittedMark;
  readonly #places: Map<string, ShipperPlace>;
  readonly #unlock: () => Promise<void>;
  readonly #closing = new AbortController();
  #waiting: Waiting[] = [];
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  #trouble: Error | undefined;
  #closed: Promise<void> | undefined;
  readonly #syncTimer: NodeJS.Timeout | undefined;
  /** Groups written. */
  #written = 0;
  readonly #stallWatch: StallWatch;
  readonly #retention: Retention;

  private constructor(
    options: ArchiveOptions,
    writer: SegmentWriter,
    mark: CommittedMark,
    places: Map<string, ShipperPlace>,
    unlock: () => Promise<void>,
  ) {
    this.#options = options;
    this.#writer = writer;
    this.#mark = mark;
    this.#places = places;
    this.#unlock = unlock;
    this.#retention = new Retention(options);
    this.#stallWatch = new StallWatch({
      written: () => this.#written,
      isWriting: () => this.#isWriting && this.#trouble === undefined,
      onChange: (stall) => options.report?.stalled?.(stall),
      afterMs: options.stalledAfterMs ?? 5000,
    });
    if (options.fsync === 'interval') {
      this.#syncTimer = setInterval(() => void this.#syncNow(), options.fsyncEveryMs ?? 1000).unref();
    }
  }

  /** Opens the archive in `folder`, making the folder and mending a torn tail. Throws ArchiveError `in_use` where another process has it. */
  static async open(options: ArchiveOptions): Promise<Archive> {
    const { folder, disk = systemDisk, now = Date.now } = options;
    await mkdir(folder, { recursive: true, mode: 0o750 });
    const unlock = await lockFolder(folder);
    if (unlock === undefined) throw new ArchiveError('in_use', `${folder} is in use by another receiver`);
    try {
      const recovered = await recover(folder);
      for (const finding of recovered.findings) options.report?.found?.(finding);
      const places = new Map([...recovered.resumePoints].map(([id, point]) => [id, new ShipperPlace(point)]));
      const writer = new SegmentWriter({ ...options, disk, now }, recovered);
      const mark = new CommittedMark(folder, (error) =>
        options.report?.found?.(`followers can't be told how far the archive is: ${error.message}`),
      );
      const archive = new Archive(options, writer, mark, places, unlock);
      archive.#publish();
      await mark.close();
      archive.#retention.run((await loadCheckpoint(folder))?.position.segment);
      return archive;
    } catch (error) {
      await unlock();
      throw error;
    }
  }

  /** Why nothing is being acknowledged at the moment, or undefined while all is well. */
  get trouble(): Error | undefined {
    return this.#trouble;
  }

  /** It has no parts: what concerns one concerns all. */
  get standstill(): Error | undefined {
    return this.#trouble;
  }

  troubleOf(): Error | undefined {
    return this.#trouble;
  }

  /** Set while the disk neither takes nor refuses what it was given. */
  get stall(): Error | undefined {
    return this.#stallWatch.stall;
  }

  async resumePoint(shipperId: string): Promise<ResumePoint | undefined> {
    const place = this.#places.get(shipperId);
    await place?.newest;
    return place?.durable;
  }

  published(): Promise<void> {
    return this.#mark.flush();
  }

  async append(block: Block): Promise<AppendOutcome> {
    if (this.#closing.signal.aborted) throw new ArchiveError('closed', 'the archive is closed');
    const place = this.#placeOf(block.shipperId);
    if (!place.isNext(block)) {
      await place.newest;
      return 'repeated';
    }
    const { promise, resolve, reject } = Promise.withResolvers<AppendOutcome>();
    this.#waiting.push({
      block,
      member: encodeMember(FORMATS[this.#options.format], block),
      resolve,
      reject,
    });
    place.take(block, promise);
    if (!this.#isWriting) this.#writing = this.#write();
    return promise;
  }

  /** Writes and acknowledges what was appended, then closes; what a failing disk does not take is rejected. Twice is fine. */
  [Symbol.asyncDispose](): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#syncTimer);
    await this.#writing;
    this.#stallWatch.end();
    await this.#retention.stop();
    try {
      await this.#writer.close();
      await this.#saveCheckpoint('now');
    } finally {
      await this.#mark.close();
      await this.#unlock();
    }
  }

  #placeOf(shipperId: string): ShipperPlace {
    let place = this.#places.get(shipperId);
    if (place === undefined) this.#places.set(shipperId, (place = new ShipperPlace()));
    return place;
  }

  /** The one loop that writes. It ends when nothing waits. */
  async #write(): Promise<void> {
    this.#isWriting = true;
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#waiting.slice(0, this.#writer.groupSize(this.#waiting.map(({ member }) => member)));
      if (!(await this.#commit(group))) break;
      this.#waiting = this.#waiting.slice(group.length);
      this.#publish();
      for (const { block, member, resolve } of group) {
        this.#placeOf(block.shipperId).wrote(block, member.header.length);
        this.#options.report?.stored?.(block);
        resolve('stored');
      }
    }
    this.#isWriting = false;
  }

  /** Says how far followers may read. */
  #publish(): void {
    const { position } = this.#writer;
    if (position !== undefined)
      this.#mark.publish({ ...position, isDurable: this.#options.fsync === 'always' });
  }

  /**
   * Commits a group, trying again while the disk refuses; false when the archive closes and a last try fails too (what
   * plain peers sent is nowhere else).
   */
  async #commit(group: readonly Waiting[]): Promise<boolean> {
    for (let isLastTry = false; ;) {
      try {
        const isNewSegment = await this.#writer.commit(group.map(({ member }) => member));
        if (isNewSegment) await this.#saveCheckpoint('before this group');
        this.#written += 1;
        this.#recovered();
        return true;
      } catch (error) {
        this.#troubled(error as Error);
        if (isLastTry) {
          this.#rejectAll(error as Error);
          return false;
        }
        isLastTry = await this.#isClosingAfter(this.#options.retryAfterMs ?? 1000);
      }
    }
  }

  async #isClosingAfter(ms: number): Promise<boolean> {
    await delay(ms, undefined, { signal: this.#closing.signal }).catch(() => undefined);
    return this.#closing.signal.aborted;
  }

  #rejectAll(cause: Error): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting)
      reject(new ArchiveError('unavailable', `the archive can't write: ${cause.message}`, { cause }));
  }

  /**
   * Saves the resume points of what has settled, as of now or of the start of the segment just begun (whose first group
   * has not settled yet). A start without it is only slower, so a failure is told and no more.
   */
  async #saveCheckpoint(asOf: 'now' | 'before this group'): Promise<void> {
    const position = this.#writer.position;
    if (position === undefined) return;
    const resumePoints = new Map<string, ResumePoint>();
    for (const [id, { durable }] of this.#places) if (durable !== undefined) resumePoints.set(id, durable);
    try {
      await saveCheckpoint(this.#options.folder, {
        position: asOf === 'now' ? position : { ...position, offset: 0 },
        resumePoints,
      });
      this.#retention.run(position.segment);
    } catch (error) {
      this.#options.report?.found?.(`the checkpoint was not written: ${(error as Error).message}`);
    }
  }

  async #syncNow(): Promise<void> {
    try {
      await this.#writer.sync();
      if (!this.#isWriting) this.#recovered();
    } catch (error) {
      this.#troubled(error as Error);
    }
  }

  #troubled(error: Error): void {
    if (this.#trouble === undefined) this.#options.report?.troubled?.(error);
    this.#trouble = error;
  }

  #recovered(): void {
    if (this.#trouble === undefined) return;
    this.#trouble = undefined;
    this.#options.report?.recovered?.();
  }
}
