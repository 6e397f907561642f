/**
 * `rejected/NAME.jsonl`: the lines of the archive that a follower could not read, a record each:
 *
 *     {"receivedAt":"…","shipper":"…","segment":"…","offset":…,"line":…,"reason":"…","text":"…"}
 *
 * How long it is belongs to the follower's state, so that a crash leaves no record twice.
 */
import { constants } from 'node:fs';
import { mkdir, open, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../base/atomic_file.ts';
import { sizeOf } from '../base/file_size.ts';
import type { ReadBlock } from '../archive/follow.ts';
import type { Malformed } from './rows.ts';

/** Past this they are only counted: what is sent wrong must not fill the disk, and the archive has it anyway. */
const MAX_BYTES = 64 * 1024 * 1024;

export class RejectedLines {
  readonly #folder: string;
  readonly #path: string;
  #bytes: number;
  #isUnsynced = false;

  private constructor(folder: string, path: string, bytes: number) {
    this.#folder = folder;
    this.#path = path;
    this.#bytes = bytes;
  }

  /** Cuts what was written behind the `bytes` that are saved; a file that was moved away is begun anew. */
  static async open(dataFolder: string, name: string, bytes: number): Promise<RejectedLines> {
    const folder = join(dataFolder, 'rejected');
    const path = join(folder, `${name}.jsonl`);
    const size = await sizeOf(path);
    if (size > bytes) await (bytes === 0 ? rm(path) : truncate(path, bytes));
    return new RejectedLines(folder, path, Math.min(size, bytes));
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Writes the records of a block's malformed lines. */
  async add({ header, position }: ReadBlock, malformed: readonly Malformed[]): Promise<void> {
    const known = {
      receivedAt: new Date(header.receivedAtMs).toISOString(),
      shipper: header.shipperId,
      ...position,
    };
    const records = malformed.map((one) => `${JSON.stringify({ ...known, ...one })}\n`);
    const bytes = Buffer.from(records.join(''));
    if (this.#bytes + bytes.length > MAX_BYTES) return;
    await mkdir(this.#folder, { recursive: true, mode: 0o750 });
    await using file = await open(this.#path, constants.O_WRONLY | constants.O_CREAT, 0o640);
    for (let done = 0; done < bytes.length;)
      done += (await file.write(bytes, done, bytes.length - done, this.#bytes + done)).bytesWritten;
    this.#bytes += bytes.length;
    this.#isUnsynced = true;
  }

  /** Forces to disk what was written. */
  async sync(): Promise<void> {
    if (!this.#isUnsynced) return;
    await using file = await open(this.#path, 'r');
    await file.datasync();
    await syncFolder(this.#folder);
    this.#isUnsynced = false;
  }
}
