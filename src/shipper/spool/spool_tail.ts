import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../base/logger.ts';
import type { Encoded } from '../encode.ts';
import { encodeRecord, spoolFileName, type SpoolFile, type SpoolFileName } from './spool_file.ts';
import type { SpoolOptions } from './spool_options.ts';

const FSYNC_EVERY_MS = 1000;

/** The file of the spool that is being appended to. */
export class SpoolTail {
  readonly #folder: string;
  readonly #fsync: SpoolOptions['fsync'];
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout | undefined;
  #handle: FileHandle | undefined;
  #isDirty = false;
  file: SpoolFile | undefined;

  constructor(folder: string, fsync: SpoolOptions['fsync'], log: Logger) {
    this.#folder = folder;
    this.#fsync = fsync;
    this.#log = log;
    if (fsync === 'interval') this.#timer = setInterval(() => void this.#sync(), FSYNC_EVERY_MS).unref();
  }

  /** Ends the file so far and begins another. Rejects where the disk does not take it. */
  async begin(name: SpoolFileName): Promise<SpoolFile> {
    await this.end();
    const path = join(this.#folder, spoolFileName(name));
    this.#handle = await open(path, 'w', 0o600);
    this.file = { ...name, path, records: [], bytes: 0, given: 0, state: 'free' };
    return this.file;
  }

  /**
   * Settles once the batch is in the file (with `always`: on disk). After a rejection it is not, whatever was written,
   * and the next record is written over it, so that what a failed fsync let go of is given to the system again.
   */
  async append(batch: Encoded): Promise<void> {
    const [file, handle] = [this.file, this.#handle];
    if (file === undefined || handle === undefined) throw new Error('no spool file is open');
    const { bytes, record } = encodeRecord(batch, file.bytes);
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, file.bytes + done);
      done += bytesWritten;
    }
    if (this.#fsync === 'always') await handle.datasync();
    else this.#isDirty = true;
    file.records.push(record);
    file.bytes += bytes.length;
  }

  /** Closes the file, if one is open; it is on disk then, unless the policy is `never`. */
  async end(): Promise<void> {
    await this.#sync();
    await this.letGo();
  }

  /** Closes the file as it is: it is about to be deleted. */
  async letGo(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    this.file = undefined;
    this.#isDirty = false;
    try {
      await handle?.close();
    } catch (error) {
      this.#log.warn({ err: error }, 'a spool file could not be closed');
    }
  }

  /** Twice is fine. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.end();
  }

  async #sync(): Promise<void> {
    if (!this.#isDirty || this.#fsync === 'never') return;
    this.#isDirty = false;
    try {
      await this.#handle?.datasync();
    } catch (error) {
      this.#log.error({ err: error }, 'the spool could not be forced to disk');
    }
  }
}
