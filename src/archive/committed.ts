/**
 * `committed.json`: how far the newest segment is written for good, for whoever reads the archive while it is written.
 * Bytes behind it may be half there, or be cut again. It is one line of fixed length that is written in place, so that
 * a reader can watch the file; it is never forced to disk, and one that does not check out says nothing.
 *
 *     {"segment":"logs_….jsonl.gz","offset":123,"isDurable":true,"crc":123}
 */
import { constants } from 'node:fs';
import { open, readFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Position } from './commit_log.ts';

export const COMMITTED_FILE = 'committed.json';

const LINE_BYTES = 160;

/** A group of blocks is committed every few milliseconds: writing each mark would cost the writer a part of that. */
const PUBLISH_WITHIN_MS = 50;

export interface Committed extends Position {
  /** What it covers was forced to disk before it was acknowledged. */
  readonly isDurable: boolean;
}

/** The writer's side: says how far it is, again and again, and never keeps it waiting. */
export class CommittedMark {
  readonly #path: string;
  readonly #onError: (error: Error) => void;
  #file: FileHandle | undefined;
  #next: Committed | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #isTroubled = false;

  /** A disk that does not take it is told to `onError`, once an outage, and keeps followers waiting, nobody else. */
  constructor(folder: string, onError: (error: Error) => void) {
    this.#path = join(folder, COMMITTED_FILE);
    this.#onError = onError;
  }

  /** Says so within `PUBLISH_WITHIN_MS`; of those that come meanwhile only the last is written. */
  publish(committed: Committed): void {
    this.#next = committed;
    this.#timer ??= setTimeout(() => void this.flush(), PUBLISH_WITHIN_MS).unref();
  }

  /** Writes what is left to write, and closes the file: an open one would keep the disk from being made read-only. */
  async close(): Promise<void> {
    await this.flush();
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  /** Writes what is left to write now. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return (this.#writing = this.#writing.then(() => this.#write()));
  }

  async #write(): Promise<void> {
    const next = this.#next;
    this.#next = undefined;
    if (next === undefined) return;
    try {
      this.#file ??= await open(this.#path, constants.O_WRONLY | constants.O_CREAT, 0o640);
      await this.#file.write(encode(next), 0, LINE_BYTES, 0);
      this.#isTroubled = false;
    } catch (error) {
      if (!this.#isTroubled) this.#onError(error as Error);
      this.#isTroubled = true;
    }
  }
}

/** How far the archive in `folder` is written for good; undefined where nobody says so. */
export async function readCommitted(folder: string): Promise<Committed | undefined> {
  let line: string;
  try {
    line = await readFile(join(folder, COMMITTED_FILE), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return decode(line);
}

function encode({ segment, offset, isDurable }: Committed): Buffer {
  const said = { segment, offset, isDurable };
  const line = JSON.stringify({ ...said, crc: crc32(JSON.stringify(said)) });
  return Buffer.from(`${line.padEnd(LINE_BYTES - 1)}\n`);
}

function decode(line: string): Committed | undefined {
  try {
    const { crc, ...said } = JSON.parse(line) as Committed & { readonly crc: number };
    return crc === crc32(JSON.stringify(said)) ? said : undefined;
  } catch {
    return undefined;
  }
}
