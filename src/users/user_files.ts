/**
 * The files of users, `user_<name>/<day>.jsonl`, and the one way to write them:
 *
 *     turn ─▶ the writer's lock ─▶ what others wrote meanwhile ─▶ journal (one fsync) ─▶ files … ─▶ fsync of all, new journal
 *
 * Whoever has the turn first writes what is in the journal and not known to him, as who put it there may have died before
 * he wrote it. So a kill at any instant leaves a record whole or not at all, and a whole one is in the files once.
 * All writers are on one machine, as threads, processes or containers that share the folder.
 */
import { randomUUID } from 'node:crypto';
import { access, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../base/atomic_file.ts';
import { endOf, writeToFile } from './day_file.ts';
import { inSlices } from './each_of.ts';
import { dayFileOf, folderNameOf, ID_FILE, isHashed } from './file_name.ts';
import { bytesOfId } from './id_bytes.ts';
import { Journal, type JournalRecord, type JournalWrite } from './journal.ts';
import type { Places } from './places.ts';
import { Unsynced } from './unsynced.ts';
import { WriterLock } from './writer_lock.ts';

/** Whole lines for the file of a user's day. */
export interface UserLines {
  readonly userId: string;
  readonly day: number;
  readonly lines: Buffer;
}

/** The turn of a writer: nobody else writes meanwhile. */
export interface Turn {
  /** As they were saved last, by whomever. */
  readonly places: Places;
  /** Where the lines would go. Throws UserFilesError where that is not ours; nothing is changed. */
  prepare(lines: UserLines): Prepared;
  /** Adds them to their files, and replaces the places given: all or nothing, durable once it settles. A file may be in it once. */
  append(prepared: readonly Prepared[], places: Partial<Places>): Promise<void>;
  /** How long the file of a user's day is; 0 where it is not there. */
  bytesOf(userId: string, day: number): number;
}

/** Lines and where they go, as long as the turn lasts. */
export interface Prepared {
  readonly writes: readonly JournalWrite[];
}

/** A journal longer than this, or of more files, is begun anew, once all files in it are on disk: others wait for that long. */
const MAX_JOURNAL_BYTES = 32 * 1024 * 1024;
const MAX_UNSYNCED_FILES = 4096;

const WRITER_FOLDER = '.writer';
const NEWLINE = Buffer.from('\n');

export class UserFiles implements AsyncDisposable {
  readonly folder: string;
  /** Tells these files from any others. */
  readonly id: string;
  readonly #lock: WriterLock;
  readonly #journal: Journal;
  readonly #unsynced = new Unsynced();
  #places: Places = {};
  #lastTurn: Promise<void> = Promise.resolve();

  private constructor(folder: string, id: string, lock: WriterLock, journal: Journal) {
    this.folder = folder;
    this.id = id;
    this.#lock = lock;
    this.#journal = journal;
  }

  /** Makes the folder where it is not there. */
  static async open(folder: string): Promise<UserFiles> {
    const own = writerFolder(folder);
    await mkdir(own, { recursive: true, mode: 0o750 });
    using stack = new DisposableStack();
    const lock = stack.use(new WriterLock(join(own, 'lock')));
    const path = join(own, 'journal');
    const journal = new Journal(path);
    await lock.take();
    try {
      const id = await idOf(join(own, 'files_id'));
      if (!(await exists(path))) await journal.reset({});
      stack.move();
      return new UserFiles(folder, id, lock, journal);
    } finally {
      lock.giveBack();
      await journal[Symbol.asyncDispose]();
    }
  }

  /** Waits for its turn and runs. Rejects as the signal does where it aborts before. */
  async turn<T>(work: (turn: Turn) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const before = this.#lastTurn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#lastTurn = promise;
    try {
      await before;
      return await this.#alone(() => this.#turn(work), signal);
    } finally {
      resolve();
    }
  }

  /** Forces all to disk that others will not have to do again. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.turn(() => this.#begin());
    } finally {
      await this.#journal[Symbol.asyncDispose]();
      this.#lock[Symbol.dispose]();
    }
  }

  async #alone<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#lock.take(signal);
    try {
      return await work();
    } finally {
      this.#lock.giveBack();
    }
  }

  async #turn<T>(work: (turn: Turn) => Promise<T>): Promise<T> {
    for await (const record of this.#journal.unread()) await this.#write(record);
    return work({
      places: this.#places,
      prepare: (lines) => this.#prepare(lines),
      append: (prepared, places) => this.#append(prepared, places),
      bytesOf: (userId, day) => endOf(this.#pathOf(nameOf(userId, day))).bytes,
    });
  }

  #prepare({ userId, day, lines }: UserLines): Prepared {
    const file = nameOf(userId, day);
    const { bytes: offset, isLineStart } = endOf(this.#pathOf(file));
    const write = { file, offset, bytes: isLineStart ? lines : Buffer.concat([NEWLINE, lines]) };
    return { writes: [...this.#idWrite(userId), write] };
  }

  /** A hashed folder says whose it is. */
  #idWrite(userId: string): JournalWrite[] {
    const folderName = folderNameOf(userId);
    if (!isHashed(folderName)) return [];
    const file = join(folderName, ID_FILE);
    const bytes = bytesOfId(userId);
    return endOf(this.#pathOf(file)).bytes === bytes.length ? [] : [{ file, offset: 0, bytes }];
  }

  async #append(prepared: readonly Prepared[], places: Partial<Places>): Promise<void> {
    const record = {
      places: { ...this.#places, ...places },
      writes: prepared.flatMap(({ writes }) => writes),
    };
    expectOnce(prepared);
    if (this.#journal.bytes > MAX_JOURNAL_BYTES || this.#unsynced.files > MAX_UNSYNCED_FILES)
      await this.#begin();
    await this.#journal.append(record);
    try {
      await this.#write(record);
    } catch (error) {
      this.#journal.rewind();
      throw error;
    }
  }

  /** Writes what a record says, for the first time or again. */
  async #write({ places, writes }: JournalRecord): Promise<void> {
    await inSlices(writes, ({ file, offset, bytes }) => {
      const path = this.#pathOf(file);
      this.#unsynced.add(path, writeToFile(path, offset, bytes));
    });
    this.#places = places;
  }

  /** Begins the journal anew, with all files on disk. After an error all of it is written again: what the disk has of it is not known. */
  async #begin(): Promise<void> {
    if (this.#unsynced.files === 0) return;
    try {
      await this.#unsynced.sync();
      await this.#journal.reset(this.#places);
    } catch (error) {
      this.#journal.rewind();
      throw error;
    }
  }

  #pathOf(file: string): string {
    return join(this.folder, file);
  }
}

/** The second run of bytes for a file would have the offset of the first. */
function expectOnce(prepared: readonly Prepared[]): void {
  const files = prepared.map(({ writes }) => writes.at(-1)?.file);
  if (new Set(files).size < files.length) throw new RangeError('a file is in one append twice');
}

const nameOf = (userId: string, day: number): string => join(folderNameOf(userId), dayFileOf(day));

/** Of the writers: the journal, the lock. No user's folder has this name. */
export const writerFolder = (folder: string): string => join(folder, WRITER_FOLDER);

async function idOf(path: string): Promise<string> {
  if (!(await exists(path))) await writeFileAtomically(path, `${randomUUID()}\n`);
  return (await readFile(path, 'utf8')).trim();
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
