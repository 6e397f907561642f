/**
 * Writes members to the newest segment. Invariants:
 * - `committed` bytes of the file are whole blocks whose appends have settled; whatever fails, the file is brought back to them;
 * - a segment whose fsync failed is never written again: what the system dropped it does not tell twice, so a new segment is begun.
 */
import { join } from 'node:path';
import { sealHeader } from './block.ts';
import type { Disk, SegmentFile } from './disk.ts';
import type { FormatName, Member } from './format.ts';
import { nextSegmentName, type SegmentName } from './segment_name.ts';

/** When data is forced to disk: before each acknowledgement, about once a second, or when the system likes. */
export type FsyncPolicy = 'always' | 'interval' | 'never';

export interface SegmentWriterOptions {
  readonly folder: string;
  readonly format: FormatName;
  readonly segmentMaxBytes: number;
  readonly fsync: FsyncPolicy;
  readonly disk: Disk;
  readonly now: () => number;
}

interface OpenSegment {
  readonly file: SegmentFile;
  /** Bytes known to be on disk. */
  syncedBytes: number;
}

export class SegmentWriter {
  readonly #options: SegmentWriterOptions;
  #segment: SegmentName | undefined;
  #committedBytes: number;
  #open: OpenSegment | undefined;
  /** Bytes of the newest segment known to be on disk, while it is not open. Recovery has synced what it found. */
  #syncedBytes: number;
  /** The newest segment takes no more blocks. */
  #isSealed: boolean;
  /** The newest segment may hold more than its committed bytes: it is cut before anything else is written. */
  #mustCut = false;
  /** The last name tried, also where making that segment failed half-way. */
  #lastName: SegmentName | undefined;

  /** Goes on in `newest`, at its length, where its format is the one asked for; else with a segment named after `last`. */
  constructor(
    options: SegmentWriterOptions,
    { newest, last = newest }: { newest?: SegmentName & { readonly bytes: number }; last?: SegmentName },
  ) {
    this.#options = options;
    this.#segment = newest;
    this.#lastName = last;
    this.#committedBytes = this.#syncedBytes = newest?.bytes ?? 0;
    this.#isSealed = newest === undefined || newest.format.name !== options.format;
  }

  /** Where the next block would go, and what is before it is committed. */
  get position(): { segment: string; offset: number } | undefined {
    return this.#segment && { segment: this.#segment.name, offset: this.#committedBytes };
  }

  /** How many of these members belong in the next group: those that fit the segment, at least one. */
  groupSize(members: readonly Member[]): number {
    let bytes = this.#startsNew(members) ? 0 : this.#committedBytes;
    let count = 0;
    for (const { length } of members) {
      bytes += length;
      if (count > 0 && bytes > this.#options.segmentMaxBytes) break;
      count += 1;
    }
    return count;
  }

  /** True where the first of these members begins a new segment. */
  #startsNew([first]: readonly Member[]): boolean {
    if (this.#isSealed) return true;
    return (
      this.#committedBytes > 0 && this.#committedBytes + (first?.length ?? 0) > this.#options.segmentMaxBytes
    );
  }

  /**
   * Writes a group (see `groupSize`) and makes it durable under the policy; true where it began a new segment. When it
   * throws nothing of the group is committed, and the same group may be given again.
   */
  async commit(members: readonly Member[]): Promise<boolean> {
    const isNew = this.#startsNew(members);
    try {
      if (this.#mustCut) await this.#cut();
      if (isNew) await this.#begin();
      const segment = (this.#open ??= await this.#reopen());
      for (const { header, length } of members) sealHeader(header, length, segment.syncedBytes);
      await segment.file.write(
        members.flatMap(({ pieces }) => pieces),
        this.#committedBytes,
      );
      const end = members.reduce((sum, { length }) => sum + length, this.#committedBytes);
      if (this.#options.fsync === 'always') await this.#sync(segment, end);
      this.#committedBytes = end;
      return isNew;
    } catch (error) {
      await this.#letGo();
      throw error;
    }
  }

  /** Forces what is committed to disk; nothing where that failed before: asked again, the system would say it is fine. */
  async sync(): Promise<void> {
    const segment = this.#open;
    const isDone = segment === undefined || segment.syncedBytes >= this.#committedBytes;
    if (isDone || this.#isSealed) return;
    await this.#sync(segment, this.#committedBytes);
  }

  /** Syncs and closes the newest segment; a later commit opens it again. */
  async close(): Promise<void> {
    const segment = this.#open;
    if (segment === undefined) return;
    if (this.#options.fsync !== 'never') await this.sync();
    this.#open = undefined;
    this.#syncedBytes = segment.syncedBytes;
    await segment.file.close();
  }

  async #begin(): Promise<void> {
    await this.close();
    const { folder, format, disk, now } = this.#options;
    const segment = nextSegmentName(now(), format, this.#lastName);
    this.#lastName = segment;
    const file = await disk.create(join(folder, segment.name));
    this.#segment = segment;
    this.#committedBytes = 0;
    this.#isSealed = false;
    this.#open = { file, syncedBytes: 0 };
  }

  async #reopen(): Promise<OpenSegment> {
    const { folder, disk } = this.#options;
    const file = await disk.reopen(join(folder, this.#segment?.name ?? ''), this.#committedBytes);
    return { file, syncedBytes: this.#syncedBytes };
  }

  async #sync(segment: OpenSegment, bytes: number): Promise<void> {
    try {
      await segment.file.sync();
    } catch (error) {
      this.#isSealed = true;
      throw error;
    }
    segment.syncedBytes = bytes;
  }

  /** After an error: closes the segment; what was written past the committed bytes is cut before the next write. */
  async #letGo(): Promise<void> {
    const segment = this.#open;
    if (segment === undefined) return;
    this.#open = undefined;
    this.#syncedBytes = segment.syncedBytes;
    this.#mustCut = true;
    await segment.file.close().catch(ignoreSecondError);
  }

  /** Brings the segment back to its committed bytes, durably: what is written again elsewhere must not stand here too. */
  async #cut(): Promise<void> {
    if (this.#isSealed && this.#committedBytes === 0 && this.#segment !== undefined) {
      await this.#options.disk.remove(join(this.#options.folder, this.#segment.name));
      this.#segment = undefined;
      this.#mustCut = false;
      return;
    }
    const { file } = await this.#reopen();
    try {
      await file.sync();
      this.#syncedBytes = this.#committedBytes;
    } finally {
      await file.close();
    }
    this.#mustCut = false;
  }
}

/** The first error is the one that is told; a disk that fails rarely fails once. */
const ignoreSecondError = (): undefined => undefined;
