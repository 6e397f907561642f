/** Lines on their way to the thread that ships, by files: what was taken outlives the process, however it ends. */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { lockFolder } from '../base/folder_lock.ts';
import type { LibrarySettings } from '../config/library.ts';
import { isJournalFile, journalFileName, newRun } from '../shipper/sources/journal/journal_file.ts';
import { JournalWriter } from '../shipper/sources/journal/journal_writer.ts';
import { spoolShipperId } from '../shipper/spool/spool_id.ts';
import type { LineBytes } from './line_bytes.ts';

export interface SpoolSinkOptions {
  readonly settings: LibrarySettings;
  /** As the application wants it, and as one is made. */
  readonly shipperId: { readonly wanted: string | undefined; readonly makeNew: () => string };
  /** Called when lines begin to be dropped, and where the folder can't be used for now. */
  readonly onProblem: (message: string) => void;
  readonly now: () => number;
}

/** How often a folder that another process has, or that can't be written, is tried again. */
const RETRY_AFTER_MS = 500;

/**
 * Until the folder is this process's own, lines wait in memory, up to QUEUE_MAX_BYTES; then each is in a file when `take`
 * returns. Only the process that holds the lock of the folder writes to it.
 */
export class SpoolSink {
  readonly #options: SpoolSinkOptions;
  readonly #closing = new AbortController();
  readonly #failed = Promise.withResolvers<void>();
  #writer: JournalWriter | undefined;
  #unlock: (() => Promise<void>) | undefined;
  #early: LineBytes[] = [];
  #earlyBytes = 0;
  #earlyDropped = 0;

  constructor(options: SpoolSinkOptions) {
    this.#options = options;
  }

  /** Settles when the folder could not be had at the first try: it may take long now. */
  get waits(): Promise<void> {
    return this.#failed.promise;
  }

  /** Lines dropped in all. */
  get dropped(): number {
    return this.#earlyDropped + (this.#writer?.dropped ?? 0);
  }

  /**
   * Takes the folder and begins a run in it; tries again for as long as that can't be. The answer is what the thread that
   * ships is to follow, or undefined where it was closed first.
   */
  async open(): Promise<{ run: string; shipperId: string } | undefined> {
    for (let wasTold = false; !this.#closing.signal.aborted;) {
      try {
        const opened = await this.#tryToOpen();
        if (opened !== undefined) return opened;
        throw new Error('another process uses it');
      } catch (error) {
        this.#failed.resolve();
        const folder = this.#options.settings.SPOOL_DIR;
        if (!wasTold && !this.#closing.signal.aborted)
          this.#options.onProblem(
            `the spool ${folder} can't be used, entries wait in memory: ${(error as Error).message}`,
          );
        wasTold = true;
        await delay(RETRY_AFTER_MS, undefined, { signal: this.#closing.signal, ref: false }).catch(
          () => undefined,
        );
      }
    }
    return undefined;
  }

  /** Writes lines, or drops and counts them; never waits but for the system to take them, and never throws. */
  take(lines: LineBytes): void {
    if (this.#writer !== undefined) {
      this.#writer.append(lines.bytes, lines.count);
      return;
    }
    const isFull = this.#earlyBytes + lines.bytes.length > this.#options.settings.QUEUE_MAX_BYTES;
    if (!isFull) {
      this.#early.push({ ...lines, bytes: Buffer.from(lines.bytes) });
      this.#earlyBytes += lines.bytes.length;
      return;
    }
    if (this.#earlyDropped === 0)
      this.#options.onProblem('entries are dropped: the spool is not open, and QUEUE_MAX_BYTES wait for it');
    this.#earlyDropped += lines.count;
  }

  /** Nothing more is taken; what waited for the folder is put in it where that can be done without its lock. */
  end(): void {
    this.#closing.abort();
    if (this.#writer !== undefined) this.#writer.close();
    else if (this.#early.length > 0) this.#leaveEarly();
  }

  /** Gives the folder free. */
  async close(): Promise<void> {
    this.end();
    await this.#unlock?.();
    this.#unlock = undefined;
  }

  async #tryToOpen(): Promise<{ run: string; shipperId: string } | undefined> {
    const { settings, shipperId: ids, onProblem, now } = this.#options;
    const { SPOOL_DIR: folder, SPOOL_MAX_BYTES: maxBytes, SPOOL_FSYNC: fsync } = settings;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const unlock = (this.#unlock ??= await lockFolder(folder));
    if (unlock === undefined) return undefined;
    const shipperId = await spoolShipperId(folder, ids.wanted, ids.makeNew, isJournalFile);
    const run = newRun(await readdir(folder), now());
    if (this.#closing.signal.aborted) return undefined;
    this.#writer = new JournalWriter({ folder, run, maxBytes, fsync, onProblem });
    for (const { bytes, count } of this.#early.splice(0)) this.#writer.append(bytes, count);
    return { run, shipperId };
  }

  /** The process ends before the folder was its own: a file of a run that has ended, whole from its first moment, is left in it. */
  #leaveEarly(): void {
    const { settings, onProblem, now } = this.#options;
    const path = join(settings.SPOOL_DIR, journalFileName(newRun([], now()), 0));
    try {
      writeFileSync(`${path}.new`, Buffer.concat(this.#early.map(({ bytes }) => bytes)), { mode: 0o600 });
      renameSync(`${path}.new`, path);
      this.#early = [];
    } catch (error) {
      rmSync(`${path}.new`, { force: true });
      onProblem(`what was logged before the spool was open is lost: ${(error as Error).message}`);
    }
  }
}
