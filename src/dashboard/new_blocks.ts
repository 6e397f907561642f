/**
 * The blocks that an archive got since it was last asked, for whoever may miss some: what is behind the mark of the writer
 * (`committed.json`) is taken, nothing is listed and nothing forced to disk. Where several segments were begun in between,
 * those in the middle are left out, and so is what is too much at once.
 */
import { join } from 'node:path';
import { damageOf, readBlocks, type StoredBlock } from '../archive/block_reader.ts';
import { readCommitted } from '../archive/committed.ts';
import type { Position } from '../archive/commit_log.ts';
import { parseSegmentName } from '../archive/segment_name.ts';
import { sizeOf } from '../base/file_size.ts';

/** At its start it takes a segment that is no longer than this from its beginning; and never more at once. */
const MAX_BYTES = 16 * 1024 * 1024;

export class NewBlocks {
  readonly #folder: string;
  #position: Position | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Those since the last call, oldest first; of the first call all of the newest segment. Their bodies are read where `read` is called. */
  async take(): Promise<StoredBlock[]> {
    const mark = await readCommitted(this.#folder);
    if (mark === undefined) return [];
    const from = (this.#position ??= startBefore(mark));
    if (from.segment === mark.segment) return this.#between(from, mark.offset);
    const before = await this.#between(from, await sizeOf(join(this.#folder, from.segment)));
    return [...before, ...(await this.#between({ segment: mark.segment, offset: 0 }, mark.offset))];
  }

  /** The blocks of a segment up to `end`; as far as they are whole. */
  async #between({ segment, offset }: Position, end: number): Promise<StoredBlock[]> {
    const name = parseSegmentName(segment);
    const blocks: StoredBlock[] = [];
    this.#position = { segment, offset: end };
    if (name === undefined || offset >= end || end - offset > MAX_BYTES) return blocks;
    try {
      for await (const block of readBlocks(this.#folder, name, offset)) {
        if (block.endOffset > end) break;
        blocks.push(block);
        if (block.endOffset === end) break;
      }
    } catch (error) {
      if (damageOf(error) === undefined && !isMissing(error)) throw error;
    }
    return blocks;
  }
}

const startBefore = ({ segment, offset }: Position): Position => ({
  segment,
  offset: offset <= MAX_BYTES ? 0 : offset,
});

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';
