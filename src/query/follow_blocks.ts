/** What comes to an archive while it is written, held against a query. */
import type { Position } from '../archive/commit_log.ts';
import { follow } from '../archive/follow.ts';
import { BlockSearch } from './block_search.ts';
import type { FoundBlock } from './found.ts';
import type { Query } from './query.ts';
import type { SearchReport } from './search.ts';

export interface FollowOptions {
  readonly signal: AbortSignal;
  /** No more entries than that. */
  readonly limit?: number;
  readonly report?: SearchReport;
}

/** Entries behind `position` (undefined: all) as they are acknowledged, until `limit` are found or the signal aborts. */
export async function* followBlocks(
  folder: string,
  query: Query,
  position: Position | undefined,
  { signal, limit = Infinity, report = {} }: FollowOptions,
): AsyncGenerator<FoundBlock, void, undefined> {
  const search = new BlockSearch(query);
  let left = limit;
  const reporting = {
    damaged: (at: Position, message: string, entries: number) => report.damaged?.(at, message, entries),
    gone: (segment: string) => report.gone?.(segment),
  };
  for await (const { header, position: at, raw } of follow(folder, position, signal, reporting)) {
    if (search.verdict(header) === 'none') continue;
    const { count, bytes, numbers } = search.lines(header, raw, { limit: left, withNumbers: true });
    if (count === 0) continue;
    const { shipperId, receivedAtMs } = header;
    yield { kind: 'block', position: at, shipperId, receivedAtMs, count, lines: bytes, numbers };
    if ((left -= count) <= 0) return;
  }
}
