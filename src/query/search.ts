/**
 * Looks for entries in an archive, also while it is written: what the receiver has acknowledged is found (within a twentieth of
 * a second). Segments are searched by several threads at once; what they find comes in the order of the archive.
 */
import { availableParallelism } from 'node:os';
import type { Position } from '../archive/commit_log.ts';
import { BlockSearch } from './block_search.ts';
import { atMost, type Found, type FoundBlock, type Wanted } from './found.ts';
import { saysWhich, type Query } from './query.ts';
import { narrowed } from './narrow.ts';
import { searchable, type Span } from './reach.ts';
import { searchInThreads } from './search_threads.ts';
import { searchSegment } from './segment_search.ts';

export interface SearchOptions {
  /** Ends the search: no more is found, and nothing is thrown. */
  readonly signal?: AbortSignal;
  /** No more entries than that. */
  readonly limit?: number;
  /** Threads to search with; 0: this one. Left out: as many as there are processors, but for an archive that is small. */
  readonly threads?: number;
  /** So many archives are searched at once, and share the processors. */
  readonly sharedBy?: number;
  readonly report?: SearchReport;
}

/** What a search says beside what it finds. */
export interface SearchReport {
  /** So many bytes of the archive are done, of so many. */
  scanned?(bytes: number, ofBytes: number): void;
  /** Bytes that can't be read, with so many entries where a header still says so. They are passed over. */
  damaged?(position: Position, message: string, entries: number): void;
  /** Where the archive ended when the search began: what comes later is behind it. Undefined of an empty one. */
  ends?(position: Position | undefined): void;
  /** Retention deleted a segment before it was read to its end. */
  gone?(segment: string): void;
}

/** An entry that was found. */
export interface Match {
  /** As it is stored, without its newline. It may be no JSON: of a shipper's lines it is known that they are `{…}`. */
  readonly line: Buffer;
  /** The block it lies in, */
  readonly position: Position;
  /** and its number there, from 0. */
  readonly number: number;
  readonly shipperId: string;
  /** Milliseconds since 1970. */
  readonly receivedAtMs: number;
}

const NEWLINE = 0x0a;

/** Threads take longer to start than so much takes to be searched. */
const THREADS_FROM_BYTES = 8 * 1024 * 1024;
const MOST_THREADS = 8;

/** The entries of the archive in `folder` that a query asks for, oldest first. Throws what reading throws, but for damage. */
export async function* search(
  folder: string,
  query: Query,
  options: SearchOptions = {},
): AsyncGenerator<Match, void, undefined> {
  for await (const block of searchBlocks(folder, query, 'numbered lines', options)) yield* matchesIn(block);
}

/** As `search`, the entries of a block together, or their count alone. */
export async function* searchBlocks(
  folder: string,
  query: Query,
  wanted: Wanted,
  { signal, limit = Infinity, threads, sharedBy = 1, report = {} }: SearchOptions = {},
): AsyncGenerator<FoundBlock, void, undefined> {
  if (limit <= 0) return;
  const whole = await searchable(folder);
  report.ends?.(endOf(whole));
  const spans = saysWhich(query) ? await narrowed(folder, whole, new BlockSearch(query)) : whole;
  const bytes = spans.reduce((sum, { from, end }) => sum + end - from, 0);
  let scanned = 0;
  let left = limit;
  const crew = threads ?? threadsFor(bytes, sharedBy);
  for await (const found of inSpans({ folder, query, wanted, limit }, spans, crew)) {
    if (signal?.aborted === true) return;
    if (found.kind === 'damage') report.damaged?.(found.position, found.message, found.entries);
    else if (found.kind === 'gone') report.gone?.(found.segment);
    else if (found.kind === 'scanned') report.scanned?.((scanned += found.bytes), bytes);
    else {
      yield atMost(found, left);
      if ((left -= found.count) <= 0) return;
    }
  }
}

function endOf(spans: readonly Span[]): Position | undefined {
  const last = spans.at(-1);
  return last && { segment: last.segment.name, offset: last.end };
}

const threadsFor = (bytes: number, sharedBy: number): number =>
  bytes < THREADS_FROM_BYTES
    ? 0
    : Math.max(1, Math.floor(Math.min(MOST_THREADS, availableParallelism()) / sharedBy));

async function* inSpans(
  orders: { folder: string; query: Query; wanted: Wanted; limit: number },
  spans: readonly Span[],
  threads: number,
): AsyncGenerator<Found, void, undefined> {
  if (threads > 0) return yield* searchInThreads(orders, spans, threads);
  const search = new BlockSearch(orders.query);
  for (const span of spans) yield* searchSegment({ ...orders, search }, span);
}

/** The entries of a block one by one. */
export function* matchesIn({
  lines,
  numbers,
  position,
  shipperId,
  receivedAtMs,
}: FoundBlock): Generator<Match> {
  let start = 0;
  for (const number of numbers) {
    const end = lines.indexOf(NEWLINE, start);
    yield { line: lines.subarray(start, end), position, number, shipperId, receivedAtMs };
    start = end + 1;
  }
}
