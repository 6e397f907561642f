/**
 * Which part of an archive that is being written may be read. A block is taken only when it stays:
 *
 * - in a segment that has a newer one behind it, every block does;
 * - in the newest one those before the mark (`committed.json`) do;
 * - behind the mark whole blocks do where no receiver is alive: the next one keeps what it finds whole (recovery.ts).
 *
 * What its writer had not forced to disk by then is forced to disk here, so that a power cut takes no block back that
 * was taken.
 */
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isFolderLocked } from '../base/folder_lock.ts';
import { ArchiveError } from './archive_error.ts';
import { readCommitted, type Committed } from './committed.ts';
import type { Position } from './commit_log.ts';
import { compareSegments, listSegments, parseSegmentName, type SegmentName } from './segment_name.ts';

/** Bytes `from` to `end` of a segment: they begin and end with a block. */
export interface Reach {
  readonly segment: SegmentName;
  readonly from: number;
  readonly end: number;
  /** What a dead receiver left behind the mark: it may end in a torn block, which is for the next receiver to mend. */
  readonly isLeft: boolean;
}

export type OnGone = (segment: string, next: string) => void;

/** Before the start of a segment stands whoever has read the one before it. */
interface Place {
  readonly segment: SegmentName;
  readonly offset: number;
}

export class ReachFinder {
  readonly #folder: string;
  readonly #onGone: OnGone;
  /** As last listed: of all but the last it is known what comes behind them. */
  #segments: readonly SegmentName[] = [];
  #synced: string | undefined;
  #mark: Committed | undefined;

  /** `onGone` hears of a segment that was deleted while somebody stood in it, and of the one that is next. */
  constructor(folder: string, onGone: OnGone) {
    this.#folder = folder;
    this.#onGone = onGone;
  }

  /** The mark that was last looked at. */
  get mark(): Committed | undefined {
    return this.#mark;
  }

  /** What may be read from `position` on, or undefined where that is nothing as yet. Throws ArchiveError `ahead` where the archive ends before it. */
  async from(position: Position | undefined): Promise<Reach | undefined> {
    for (;;) {
      try {
        return (await this.#beforeMark(position)) ?? (await this.#inList(position));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        // Deleted meanwhile: it is not in a new list.
        this.#segments = await listSegments(this.#folder);
      }
    }
  }

  /** The way that needs no list: the mark is further on in the segment it stands in. */
  async #beforeMark(position: Position | undefined): Promise<Reach | undefined> {
    // Read before the list: the mark is in a segment that is listed then.
    const mark = (this.#mark = await readCommitted(this.#folder));
    const segment = this.#segments.at(-1);
    const isAhead =
      mark !== undefined && mark.segment === segment?.name && segment.name === position?.segment;
    return isAhead && position.offset < mark.offset
      ? this.#marked(segment, position.offset, mark)
      : undefined;
  }

  async #inList(position: Position | undefined): Promise<Reach | undefined> {
    for (let at = await this.#place(position); at !== undefined; at = await this.#behind(at)) {
      const isNewest = at.segment === this.#segments.at(-1);
      const found = isNewest ? await this.#newest(at) : await this.#closed(at);
      if (found !== 'read to its end') return found;
    }
    return undefined;
  }

  /** Where `position` is in a list that is fresh, or that goes on behind it. */
  async #place(position: Position | undefined): Promise<Place | undefined> {
    const isIt = ({ name }: SegmentName): boolean => name === position?.segment;
    const known = this.#segments.findIndex(isIt);
    if (known === -1 || known === this.#segments.length - 1)
      this.#segments = await listSegments(this.#folder);
    const segment = position === undefined ? this.#segments[0] : this.#segments.find(isIt);
    if (segment !== undefined) return { segment, offset: position?.offset ?? 0 };
    return position === undefined || this.#segments.length === 0 ? undefined : this.#afterGone(position);
  }

  #afterGone(position: Position): Place {
    const gone = parseSegmentName(position.segment);
    const next = this.#segments.find((segment) => gone !== undefined && compareSegments(segment, gone) > 0);
    if (next === undefined) throw ahead(position);
    this.#onGone(position.segment, next.name);
    return { segment: next, offset: 0 };
  }

  #behind({ segment }: Place): Promise<Place | undefined> {
    const next = this.#segments[this.#segments.indexOf(segment) + 1];
    return next === undefined ? Promise.resolve(undefined) : this.#place({ segment: next.name, offset: 0 });
  }

  async #closed({ segment, offset }: Place): Promise<Reach | 'read to its end'> {
    const size = await this.#size(segment, offset);
    if (offset === size) return 'read to its end';
    if (this.#synced !== segment.name) await sync(this.#path(segment));
    this.#synced = segment.name;
    return { segment, from: offset, end: size, isLeft: false };
  }

  async #newest({ segment, offset }: Place): Promise<Reach | undefined> {
    const mark = this.#mark;
    if (mark?.segment === segment.name && offset < mark.offset)
      return await this.#marked(segment, offset, mark);
    const size = await this.#size(segment, offset);
    if (offset === size || (await isFolderLocked(this.#folder))) return undefined;
    await sync(this.#path(segment));
    return { segment, from: offset, end: size, isLeft: true };
  }

  async #marked(segment: SegmentName, offset: number, mark: Committed): Promise<Reach | undefined> {
    const end = Math.min(mark.offset, await this.#size(segment, offset));
    if (!mark.isDurable) await sync(this.#path(segment));
    return offset < end ? { segment, from: offset, end, isLeft: false } : undefined;
  }

  #path({ name }: SegmentName): string {
    return join(this.#folder, name);
  }

  async #size(segment: SegmentName, offset: number): Promise<number> {
    const { size } = await stat(this.#path(segment));
    if (offset > size) throw ahead({ segment: segment.name, offset });
    return size;
  }
}

const ahead = ({ segment, offset }: Position): ArchiveError =>
  new ArchiveError(
    'ahead',
    `the archive ends before ${segment} at byte ${offset}, up to which it was read: it was replaced by another, or by an older copy`,
  );

/** Forces a file to disk that another process may be writing. */
async function sync(path: string): Promise<void> {
  await using file = await open(path, 'r');
  await file.datasync();
}
