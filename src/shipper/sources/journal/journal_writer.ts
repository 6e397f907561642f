/**
 * Writes an application's lines to files, synchronously: when `append` returns, the lines outlive the process, however it
 * ends. The reader (journal.ts) deletes files once what they hold is acknowledged.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { NEWLINE, isJournalFile, journalFileName, lostLine } from './journal_file.ts';

export interface JournalWriterOptions {
  readonly folder: string;
  readonly run: string;
  /** How large all files together may grow. */
  readonly maxBytes: number;
  /** `always`: lines are on disk when `append` returns. `interval`: within a second. `never`: when the system likes. */
  readonly fsync: 'always' | 'interval' | 'never';
  /** Called when lines begin to be dropped, with why. */
  readonly onProblem: (message: string) => void;
}

/** A file ends at this size, or at an eighth of the bound: what is acknowledged is freed in such steps. */
const FILE_BYTES = 8 * 1024 * 1024;

const FSYNC_EVERY_MS = 1000;

/** Kept free for the line that says what was dropped. */
const LOST_ROOM_BYTES = 256;

/** How often, at most, a full journal is measured again, and a disk that failed is tried again. */
const RETRY_EVERY_MS = 100;

export class JournalWriter {
  readonly #options: JournalWriterOptions;
  readonly #fileBytes: number;
  readonly #timer: NodeJS.Timeout | undefined;
  #file: number | undefined;
  #number = 0;
  /** Whole lines in the file, in bytes. */
  #bytes = 0;
  /** Bytes of all files; those deleted since it was measured are in it. */
  #total = 0;
  #retryAt = 0;
  /** When a next file is tried again that could not be begun. */
  #nextFileAt = 0;
  #isDirty = false;
  /** Entries dropped since the last line that was written, and why. */
  #lost = { entries: 0, reason: '' };
  /** Entries dropped in all. */
  dropped = 0;

  /** Begins the first file of the run. Throws where the folder can't be written. */
  constructor(options: JournalWriterOptions) {
    this.#options = options;
    this.#fileBytes = Math.min(FILE_BYTES, options.maxBytes / 8);
    fs.mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    this.#total = measure(options.folder);
    this.#file = this.#begin();
    if (options.fsync === 'interval') this.#timer = setInterval(() => this.#sync(), FSYNC_EVERY_MS).unref();
  }

  /**
   * Appends `count` lines, each ended by a newline. What does not fit, or the disk does not take, is dropped, counted, and
   * declared in the file once there is room again. Never throws.
   */
  append(lines: Buffer, count: number): void {
    if (this.#retryAt > performance.now()) {
      this.#drop(count, this.#lost.reason);
      return;
    }
    try {
      this.#roll();
      if (!this.#hasRoomFor(lines.length)) {
        this.#drop(count, 'the spool was full (SPOOL_MAX_BYTES)');
        return;
      }
      this.#declareLost();
      const kept = this.#write(lines);
      if (kept < lines.length) this.#drop(count - countLines(lines.subarray(0, kept)), 'the disk was full');
      this.#forceToDisk();
    } catch (error) {
      this.#drop(count, (error as Error).message);
    }
  }

  /** Closes the file: nothing is appended after it. Twice is fine. */
  close(): void {
    clearInterval(this.#timer);
    const file = this.#file;
    if (file === undefined) return;
    try {
      this.#declareLost();
      if (this.#isDirty) fs.fdatasyncSync(file);
    } catch (error) {
      this.#options.onProblem(`the spool could not be closed in order: ${(error as Error).message}`);
    } finally {
      this.#file = undefined;
      fs.closeSync(file);
    }
  }

  /** Begins the next file where this one is full. Where that can't be (too many files are open, say), lines go on into this one. */
  #roll(): void {
    if (this.#bytes < this.#fileBytes || this.#file === undefined) return;
    if (this.#nextFileAt > performance.now()) return;
    try {
      this.#file = this.#begin();
    } catch {
      this.#nextFileAt = performance.now() + RETRY_EVERY_MS;
    }
  }

  /** Ends the file, if there is one, and begins the next. */
  #begin(): number {
    const { folder, run } = this.#options;
    const next = fs.openSync(join(folder, journalFileName(run, this.#number)), 'ax', 0o600);
    this.#number += 1;
    this.#bytes = 0;
    if (this.#file !== undefined) fs.closeSync(this.#file);
    return next;
  }

  #hasRoomFor(bytes: number): boolean {
    const { folder, maxBytes } = this.#options;
    if (this.#total + bytes + LOST_ROOM_BYTES <= maxBytes) return true;
    this.#total = measure(folder);
    return this.#total + bytes + LOST_ROOM_BYTES <= maxBytes;
  }

  /** Writes as many whole lines as the disk takes; the answer is how many bytes those are. Throws where it takes none at all. */
  #write(lines: Buffer): number {
    const file = this.#file;
    if (file === undefined) throw new Error('the spool is closed');
    let done = 0;
    try {
      while (done < lines.length) done += fs.writeSync(file, lines, done);
    } catch (error) {
      const whole = done === 0 ? 0 : lines.lastIndexOf(NEWLINE, done - 1) + 1;
      fs.ftruncateSync(file, this.#bytes + whole);
      if (whole === 0) throw error;
      done = whole;
    }
    this.#bytes += done;
    this.#total += done;
    return done;
  }

  /** Says in the file what is missing in it. */
  #declareLost(): void {
    const { entries, reason } = this.#lost;
    if (entries === 0) return;
    this.#write(lostLine(entries, reason));
    this.#lost = { entries: 0, reason: '' };
  }

  #drop(count: number, reason: string): void {
    if (this.#lost.entries === 0) this.#options.onProblem(`entries are dropped: ${reason}`);
    this.#lost = { entries: this.#lost.entries + count, reason };
    this.dropped += count;
    if (this.#retryAt <= performance.now()) this.#retryAt = performance.now() + RETRY_EVERY_MS;
  }

  #forceToDisk(): void {
    const { fsync } = this.#options;
    this.#isDirty = fsync !== 'never';
    if (fsync !== 'always' || this.#file === undefined) return;
    this.#isDirty = false;
    try {
      fs.fdatasyncSync(this.#file);
    } catch (error) {
      this.#options.onProblem(`the spool could not be forced to disk: ${(error as Error).message}`);
    }
  }

  /** Without waiting: the application goes on meanwhile. */
  #sync(): void {
    if (!this.#isDirty || this.#file === undefined) return;
    this.#isDirty = false;
    fs.fdatasync(this.#file, (error) => {
      if (error !== null && error.code !== 'EBADF')
        this.#options.onProblem(`the spool could not be forced to disk: ${error.message}`);
    });
  }
}

/** Bytes of the journal's files in a folder. */
function measure(folder: string): number {
  let bytes = 0;
  for (const name of fs.readdirSync(folder))
    if (isJournalFile(name)) bytes += fs.statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0;
  return bytes;
}

function countLines(lines: Buffer): number {
  let count = 0;
  for (let at = lines.indexOf(NEWLINE); at !== -1; at = lines.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}
