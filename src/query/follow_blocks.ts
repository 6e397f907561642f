/** What comes to archives while they are written, held against a query. */
import type { Position } from '../archive/commit_log.ts';
import { followSeveral } from '../archive/follow_several.ts';
import { BlockSearch } from './block_search.ts';
import { belonging, type FoundBlock } from './found.ts';
import type { Query } from './query.ts';
import type { SearchReport } from './search.ts';

/** An archive that is followed from `position` on; undefined: from its start. */
export interface FollowedArchive {
  readonly folder: string;
  readonly position: Position | undefined;
  readonly report: Pick<SearchReport, 'damaged' | 'gone'>;
}

export interface FollowOptions {
  readonly signal: AbortSignal;
  /** No more entries than that. */
  readonly limit: number;
}

/** Entries of these archives as they are acknowledged, until `limit` are found or the signal aborts. */
export async function* followBlocks(
  archives: readonly FollowedArchive[],
  query: Query,
  { signal, limit }: FollowOptions,
): AsyncGenerator<FoundBlock, void, undefined> {
  const search = new BlockSearch(query);
  let left = limit;
  for await (const { header, position, raw } of followSeveral(archives, signal)) {
    if (search.verdict(header) === 'none') continue;
    const { count, bytes, numbers } = search.lines(header, raw, { limit: left, withNumbers: true });
    if (count === 0) continue;
    yield { kind: 'block', position, ...belonging(header), count, lines: bytes, numbers };
    if ((left -= count) <= 0) return;
  }
}
