/** What a search says beside what it finds, for people. */
import { join } from 'node:path';
import type { Position } from '../../archive/commit_log.ts';
import type { FoundBlock } from '../../query/found.ts';
import type { SearchReport } from '../../query/search.ts';
import type { ProgressBar, Terminal } from './progress_bar.ts';

export class Telling {
  readonly #bar: ProgressBar;
  readonly #errors: Terminal;
  /** What each of the archives says, in the order they were named. */
  readonly archives: readonly ArchiveTelling[];
  isDamaged = false;

  constructor(folders: readonly string[], bar: ProgressBar, errors: Terminal) {
    this.#bar = bar;
    this.#errors = errors;
    this.archives = folders.map((folder) => new ArchiveTelling(folder, folders.length > 1, this));
  }

  found({ count }: FoundBlock): void {
    this.#bar.found(count);
  }

  /** Takes the progress away, so that something else can be written. */
  clear(): void {
    this.#bar.clear();
  }

  /** One of the archives is further. */
  moved(): void {
    const sum = (of: (archive: ArchiveTelling) => number): number =>
      this.archives.reduce((all, archive) => all + of(archive), 0);
    this.#bar.scanned(
      sum(({ bytes }) => bytes),
      sum(({ ofBytes }) => ofBytes),
    );
  }

  say(text: string): void {
    this.#bar.clear();
    this.#errors.write(`${text}\n`);
  }
}

/** Of one archive. */
export class ArchiveTelling implements SearchReport {
  readonly folder: string;
  readonly #isOfSeveral: boolean;
  readonly #telling: Telling;
  /** So many bytes of it are searched, of so many. */
  bytes = 0;
  ofBytes = 0;
  /** Where it ended when it was searched. */
  end: Position | undefined;

  constructor(folder: string, isOfSeveral: boolean, telling: Telling) {
    this.folder = folder;
    this.#isOfSeveral = isOfSeveral;
    this.#telling = telling;
  }

  scanned(bytes: number, ofBytes: number): void {
    this.bytes = bytes;
    this.ofBytes = ofBytes;
    this.#telling.moved();
  }

  ends(position: Position | undefined): void {
    this.end = position;
  }

  damaged({ segment, offset }: Position, message: string, entries: number): void {
    this.#telling.isDamaged = true;
    const lost = entries === 0 ? '' : `, ${entries} entries are lost with it`;
    this.#telling.say(`error: ${this.#nameOf(segment)} at byte ${offset}: ${message}${lost}`);
  }

  gone(segment: string): void {
    this.#telling.say(`note: ${this.#nameOf(segment)} was deleted meanwhile`);
  }

  #nameOf(segment: string): string {
    return this.#isOfSeveral ? join(this.folder, segment) : segment;
  }
}
