/** Looks for entries in several archives as in one. */
import { compareBlocks } from '../archive/block_order.ts';
import { merged } from '../base/merged.ts';
import { atMost, type FoundBlock, type Wanted } from './found.ts';
import type { Query } from './query.ts';
import { searchable } from './reach.ts';
import { searchBlocks, type SearchReport } from './search.ts';

export interface SearchedArchive {
  readonly folder: string;
  readonly report: SearchReport;
}

export interface SearchOptions {
  /** Ends the search: no more is found, and nothing is thrown. */
  readonly signal: AbortSignal;
  /** No more entries than that, of all together. */
  readonly limit: number;
}

/**
 * As `searchBlocks`, of all of these archives: each in its own order, and of the blocks that are found next in them the one
 * that was received first. They are searched at the same time; none is further ahead than it may be alone.
 * One that can't be read is told before any is searched.
 */
export async function* searchArchives(
  archives: readonly SearchedArchive[],
  query: Query,
  wanted: Wanted,
  { signal, limit }: SearchOptions,
): AsyncGenerator<FoundBlock, void, undefined> {
  if (archives.length > 1) for (const { folder } of archives) await searchable(folder);
  const options = { signal, limit, sharedBy: archives.length };
  const searches = archives.map(({ folder, report }) =>
    searchBlocks(folder, query, wanted, { ...options, report }),
  );
  const found = merged(searches, compareBlocks);
  yield* archives.length === 1 ? found : limited(found, limit);
}

async function* limited(
  blocks: AsyncIterable<FoundBlock>,
  limit: number,
): AsyncGenerator<FoundBlock, void, undefined> {
  let left = limit;
  for await (const block of blocks) {
    yield atMost(block, left);
    if ((left -= block.count) <= 0) return;
  }
}
