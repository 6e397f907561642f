/** Some blocks of the time before anybody looked, so that a page that is opened has a past to show. */
import { damageOf, readBlocks, type StoredBlock } from '../archive/block_reader.ts';
import { begunAtMs } from '../archive/retention.ts';
import { listSegments, type SegmentName } from '../archive/segment_name.ts';

/** Looked into, of all segments together, evenly spread. */
const SEGMENTS = 20;
const BLOCKS = 60;

/** What is read of one segment. */
const MAX_BYTES = 4 * 1024 * 1024;

/** Blocks that came after `sinceMs`, oldest first, without those of the newest segment. */
export async function* pastBlocks(folder: string, sinceMs: number): AsyncGenerator<StoredBlock, void> {
  const segments = (await listSegments(folder))
    .slice(0, -1)
    .filter((segment) => begunAtMs(segment) >= sinceMs);
  const some = spread(segments, SEGMENTS);
  for (const segment of some) yield* spread(await blocksOf(folder, segment), Math.ceil(BLOCKS / some.length));
}

/** As far as they are whole. */
async function blocksOf(folder: string, segment: SegmentName): Promise<StoredBlock[]> {
  const blocks: StoredBlock[] = [];
  try {
    for await (const block of readBlocks(folder, segment)) {
      blocks.push(block);
      if (block.endOffset > MAX_BYTES) break;
    }
  } catch (error) {
    if (damageOf(error) === undefined && (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return blocks;
}

/** Up to `count` of these, in order, as far from each other as they can be. */
export function spread<T>(items: readonly T[], count: number): T[] {
  const every = Math.max(1, Math.ceil(items.length / count));
  return items.filter((_, index) => index % every === 0);
}
