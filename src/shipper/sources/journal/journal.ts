/**
 * The journal of an application as a source: the files that earlier runs left, in order, then those of this run as they
 * grow. The receiver keeps the place in each, so that what is in a file is shipped once, whoever was killed. A file that is
 * complete, and of which everything is settled, is deleted, and then the receiver told to forget it.
 */
import { open, readdir, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../../base/logger.ts';
import { Signal } from '../../../base/signal.ts';
import type { SourcePosition, SourcePositions } from '../../../entry.ts';
import { Flushes } from '../../flushes.ts';
import { asTheyAre, type ShaperOf } from '../../shaper.ts';
import type { Chunk, Source } from '../../source.ts';
import { FileReading } from './file_reading.ts';
import { isJournalFile, runOf } from './journal_file.ts';

export interface JournalOptions {
  readonly folder: string;
  /** The run whose files still grow. */
  readonly run: string;
  /** Bytes read at a time. */
  readonly readBytes: number;
  readonly maxLineBytes: number;
  readonly shaperOf?: ShaperOf;
  readonly log: Logger;
}

/** How often it looks for more where nobody says that there is. */
const LOOK_EVERY_MS = 250;

const GONE: SourcePosition = { offset: 0, head: '', headBytes: 0, isGone: true };

const NO_LINES = { bytes: Buffer.alloc(0), count: 0 };

export class Journal implements Source {
  readonly name = 'journal';
  readonly canReread = true;
  readonly #options: JournalOptions;
  readonly #changed = new Signal();
  readonly #flushes = new Flushes();
  #isEnded = false;
  /** Files that were deleted, of which the receiver is not told yet. */
  #gone: string[] = [];
  #deleting: Promise<void> = Promise.resolve();

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** Tells that there is more to read. */
  grew(): void {
    this.#changed.notify();
  }

  /** Settles when all that is in the journal now is settled. */
  flush(): Promise<void> {
    const flushed = this.#flushes.ask();
    this.#changed.notify();
    return flushed;
  }

  /** The writer has closed its last file: reading ends where that does. */
  end(): void {
    this.#isEnded = true;
    this.#changed.notify();
  }

  /** Settles when the files that are done with are deleted. */
  deleted(): Promise<void> {
    return this.#deleting;
  }

  async *read(
    from: SourcePositions,
    signal: AbortSignal,
    maxChunkBytes: number,
  ): AsyncGenerator<Chunk, void, undefined> {
    const wake = (): void => this.#changed.notify();
    signal.addEventListener('abort', wake, { once: true });
    this.#flushes.begin();
    const names = await this.#names();
    this.#gone = Object.keys(from).filter((name) => isJournalFile(name) && !names.includes(name));
    if (this.#gone.length > 0) yield { lines: NO_LINES, positions: this.#takeGone() };
    for (let name = names[0]; name !== undefined && !signal.aborted; name = await this.#nameAfter(name))
      yield* this.#readFile(name, from[name], signal, maxChunkBytes);
    signal.removeEventListener('abort', wake);
    if (signal.aborted) return;
    this.#flushes.look();
    this.#flushes.reachedEnd();
  }

  /** The lines of a file from where the receiver stands, until it is complete; when all of it is settled it is deleted. */
  async *#readFile(
    name: string,
    place: SourcePosition | undefined,
    signal: AbortSignal,
    maxChunkBytes: number,
  ): AsyncGenerator<Chunk, void, undefined> {
    const { folder, maxLineBytes, shaperOf = asTheyAre } = this.#options;
    await using file = await open(join(folder, name), 'r');
    const shaper = shaperOf(this.name);
    const reading = new FileReading({ name, place, maxLineBytes, maxChunkBytes, shaper });
    let awaited = 1;
    const settled = (): void => {
      awaited -= 1;
      if (awaited === 0) this.#delete(name);
    };
    const tracked = (chunk: Chunk): Chunk => {
      awaited += 1;
      return this.#tracked(chunk, settled);
    };
    for (let isComplete = false; !signal.aborted;) {
      this.#flushes.look();
      const bytes = await this.#readMore(file, reading.at);
      if (bytes !== undefined) {
        for (const chunk of reading.push(bytes)) yield tracked(chunk);
      } else if (isComplete) {
        for (const chunk of reading.end()) yield tracked(chunk);
        this.#tellTorn(name, reading.restBytes);
        settled();
        return;
      } else {
        isComplete = await this.#isComplete(name);
        if (!isComplete) yield* this.#pause();
      }
    }
  }

  /** The chunk, with what else the receiver is to know by it, and with those told who wait for it to settle. */
  #tracked(chunk: Chunk, settled: () => void): Chunk {
    const flushed = this.#flushes.give();
    const onSettled = (): void => {
      flushed();
      settled();
    };
    return { ...chunk, positions: { ...chunk.positions, ...this.#takeGone() }, onSettled };
  }

  /** Waits until there may be more; before it, whoever wants all of it shipped now is heard. */
  async *#pause(): AsyncGenerator<Chunk, void, undefined> {
    if (this.#flushes.isHeard) yield { lines: NO_LINES, positions: {}, isUrgent: true };
    this.#flushes.reachedEnd();
    if (this.#flushes.isAsked) return;
    const timer = setTimeout(() => this.#changed.notify(), LOOK_EVERY_MS);
    await this.#changed.wait();
    clearTimeout(timer);
  }

  /** Undefined at the end of the file as it is now. */
  async #readMore(file: FileHandle, at: number): Promise<Buffer | undefined> {
    const { size } = await file.stat();
    if (size <= at) return undefined;
    const buffer = Buffer.allocUnsafeSlow(Math.min(size - at, this.#options.readBytes));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    return bytesRead === 0 ? undefined : buffer.subarray(0, bytesRead);
  }

  /** True where nothing more will be written to it. */
  async #isComplete(name: string): Promise<boolean> {
    const { run } = this.#options;
    if (this.#isEnded || runOf(name) !== run) return true;
    return (await this.#names()).some((other) => other > name && runOf(other) === run);
  }

  #takeGone(): SourcePositions {
    const gone = this.#gone.splice(0, 100);
    return Object.fromEntries(gone.map((name) => [name, GONE]));
  }

  #delete(name: string): void {
    this.#deleting = this.#deleting.then(async () => {
      try {
        await unlink(join(this.#options.folder, name));
        this.#gone.push(name);
      } catch (error) {
        this.#options.log.warn(
          { err: error },
          `spool: ${name} could not be deleted: ${(error as Error).message}`,
        );
      }
    });
  }

  #tellTorn(name: string, bytes: number): void {
    if (bytes === 0) return;
    this.#options.log.warn(
      { name },
      `spool: ${name} ends with a line that was not written whole: its ${bytes} bytes are left out`,
    );
  }

  async #nameAfter(name: string): Promise<string | undefined> {
    return (await this.#names()).find((other) => other > name);
  }

  async #names(): Promise<string[]> {
    return (await readdir(this.#options.folder)).filter(isJournalFile).sort();
  }
}
