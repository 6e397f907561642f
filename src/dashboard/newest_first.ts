/** A search that begins with the newest segment: whoever stops it has the newest of what there is. */
import { Readable } from 'node:stream';
import { begunAtMs } from '../archive/retention.ts';
import { mapInOrder } from '../base/in_order.ts';
import { BlockSearch } from '../query/block_search.ts';
import { narrowed } from '../query/narrow.ts';
import { saysWhich, type Query } from '../query/query.ts';
import { searchable, type Span } from '../query/reach.ts';
import { matchesIn, type Match } from '../query/search.ts';
import { searchSegment } from '../query/segment_search.ts';

/** Segments whose headers are read ahead. */
const AHEAD = 8;

export interface NewestFirstOptions {
  /** So many of the newest are kept; of others their number alone is known. */
  readonly kept: number;
  /** Of each so many bytes. */
  readonly keptBytes: number;
  /** Ends the search: the answer has what was found by then. */
  readonly signal: AbortSignal;
}

export interface NewestFound {
  /** Newest first. Before `reachedMs` there may be others, also between these. */
  readonly matches: readonly Match[];
  readonly found: number;
  /** Bytes that could not be read, or entries in them. */
  readonly damaged: number;
  /** Not all was looked through, */
  readonly isStopped: boolean;
  /** but all that was received since: milliseconds since 1970. Undefined where no segment is. */
  readonly reachedMs?: number;
}

/** Looks through the archive in `folder`. Throws what `search` throws. */
export async function searchNewestFirst(
  folder: string,
  query: Query,
  { kept, keptBytes, signal }: NewestFirstOptions,
): Promise<NewestFound> {
  const search = new BlockSearch(query);
  const all = { matches: [] as Match[], found: 0, damaged: 0 };
  let reached: { readonly reachedMs?: number } = {};
  const partsOf = async (span: Span): Promise<{ span: Span; parts: Span[] }> => ({
    span,
    parts: saysWhich(query) ? await narrowed(folder, [span], search) : [span],
  });
  const spans = Readable.from((await searchable(folder)).toReversed()) as AsyncIterable<Span>;
  for await (const { span, parts } of mapInOrder(spans, AHEAD, partsOf)) {
    for (const part of parts.toReversed()) {
      const room = kept - all.matches.length;
      const newest: Match[] = [];
      const orders = {
        folder,
        search,
        wanted: room > 0 ? 'numbered lines' : 'count',
        limit: Infinity,
      } as const;
      for await (const found of searchSegment(orders, part)) {
        if (signal.aborted) break;
        if (found.kind === 'damage') all.damaged += Math.max(1, found.entries);
        if (found.kind !== 'block') continue;
        all.found += found.count;
        for (const match of [...matchesIn(found)].slice(-room)) newest.push(shortened(match, keptBytes));
        newest.splice(0, newest.length - room);
      }
      all.matches.push(...newest.toReversed());
      if (signal.aborted) return { ...all, ...reached, isStopped: true };
    }
    reached = { reachedMs: begunAtMs(span.segment) };
  }
  return { ...all, ...reached, isStopped: false };
}

/** Its line in memory of its own: it would keep its whole block. */
const shortened = (match: Match, bytes: number): Match => ({
  ...match,
  line: Buffer.from(match.line.subarray(0, bytes)),
});
