/**
 * A file that is only added to, and begun anew when it is full: `logs.csv`, `logs.000001.csv`, `logs.000002.csv`, the
 * last being the newest. Which of them is written, and how long it is, is saved elsewhere, together with where its
 * content comes from; what a crash left behind that is cut when it is opened again.
 */
import { constants } from 'node:fs';
import { mkdir, open, readdir, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { syncFolder } from '../base/atomic_file.ts';
import { sizeOf } from '../base/file_size.ts';

export interface FilePlace {
  /** 0 for the first file. */
  readonly number: number;
  readonly bytes: number;
}

export interface RotatingFileOptions {
  /** The first file. */
  readonly path: string;
  /** A file that holds something takes nothing that would make it longer than this; 0: no limit. */
  readonly maxBytes: number;
  /** Files kept; the oldest go. 0: all. */
  readonly maxFiles: number;
  /** What every file begins with. */
  readonly head: Buffer;
}

export class RotatingFile implements AsyncDisposable {
  readonly #options: RotatingFileOptions;
  #file: FileHandle;
  #number: number;
  #bytes: number;

  private constructor(options: RotatingFileOptions, file: FileHandle, place: FilePlace) {
    this.#options = options;
    this.#file = file;
    this.#number = place.number;
    this.#bytes = place.bytes;
  }

  /**
   * Opens the file at the place that was saved and removes what lies behind it. A file that is missing or shorter by
   * then was taken away by somebody else: it is let be, and the next one is begun.
   */
  static async open(options: RotatingFileOptions, saved: FilePlace): Promise<RotatingFile> {
    await mkdir(dirname(options.path), { recursive: true });
    for (const { number, path } of await filesOf(options.path)) if (number > saved.number) await rm(path);
    const isThere = saved.bytes === 0 || (await sizeOf(pathOf(options.path, saved.number))) >= saved.bytes;
    const place = isThere ? saved : { number: saved.number + 1, bytes: 0 };
    const opened = new RotatingFile(options, await openAt(options.path, place), place);
    try {
      if (place.bytes === 0) await opened.#append(options.head);
      return opened;
    } catch (error) {
      await opened[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Where it stands; what is before that is on disk after `sync`. */
  get place(): FilePlace {
    return { number: this.#number, bytes: this.#bytes };
  }

  /** Adds whole lines, in this file or at the beginning of the next. */
  async write(lines: Buffer): Promise<void> {
    const { maxBytes, head } = this.#options;
    const isFull = maxBytes > 0 && this.#bytes > head.length && this.#bytes + lines.length > maxBytes;
    if (isFull) await this.#rotate();
    await this.#append(lines);
  }

  /** Forces to disk what was written. Throws where the file was deleted meanwhile. */
  async sync(): Promise<void> {
    await this.#file.datasync();
    if ((await this.#file.stat()).nlink === 0)
      throw new Error(`${pathOf(this.#options.path, this.#number)} was deleted while it was written`);
  }

  /** Deletes the oldest files past those to be kept. To be called when the place is saved. */
  async removeOld(): Promise<void> {
    const { path, maxFiles } = this.#options;
    if (maxFiles === 0) return;
    for (const old of await filesOf(path)) if (old.number <= this.#number - maxFiles) await rm(old.path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  async #rotate(): Promise<void> {
    await this.#file.sync();
    const next = { number: this.#number + 1, bytes: 0 };
    const file = await openAt(this.#options.path, next);
    await this.#file.close();
    this.#file = file;
    this.#number = next.number;
    this.#bytes = 0;
    await this.#append(this.#options.head);
  }

  async #append(bytes: Buffer): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await this.#file.write(bytes, done, bytes.length - done, this.#bytes);
      done += bytesWritten;
      this.#bytes += bytesWritten;
    }
  }
}

/** The files there are, oldest first. */
export async function filesOf(path: string): Promise<{ number: number; path: string }[]> {
  const folder = dirname(path);
  const extension = extname(path);
  const stem = basename(path, extension);
  const found: { number: number; path: string }[] = [];
  for (const name of await namesIn(folder)) {
    const digits = name.slice(stem.length + 1, name.length - extension.length);
    const number = name === basename(path) ? 0 : /^\d{6,}$/.test(digits) ? Number(digits) : NaN;
    if (pathOf(path, number) === join(folder, name)) found.push({ number, path: join(folder, name) });
  }
  return found.sort((a, b) => a.number - b.number);
}

function pathOf(path: string, number: number): string {
  if (number === 0) return join(dirname(path), basename(path));
  const extension = extname(path);
  return join(dirname(path), `${basename(path, extension)}.${String(number).padStart(6, '0')}${extension}`);
}

async function openAt(path: string, { number, bytes }: FilePlace): Promise<FileHandle> {
  const file = await open(pathOf(path, number), constants.O_RDWR | constants.O_CREAT, 0o640);
  try {
    await file.truncate(bytes);
    await syncFolder(dirname(path));
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
