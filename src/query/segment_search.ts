/** One segment held against a query, block by block. What is damaged is told, and passed over. */
import { damageOf, findBlock, readBlocks, type StoredBlock } from '../archive/block_reader.ts';
import { mapInOrder } from '../base/in_order.ts';
import { release } from '../base/large_buffers.ts';
import type { BlockSearch, Verdict } from './block_search.ts';
import { belonging, type Found, type FoundBlock, type FoundDamage, type Wanted } from './found.ts';
import type { Span } from './reach.ts';

/** Blocks inflated at once: the one that is next, and one more. */
const AT_ONCE = 2;

/** Progress is told of so many bytes at a time, and at the end. */
const TELL_BYTES = 1024 * 1024;

export interface SegmentOrders {
  readonly folder: string;
  readonly search: BlockSearch;
  readonly wanted: Wanted;
  /** No more entries than that. */
  readonly limit: number;
}

/** A block that may hold what is wanted, inflated where that takes a look. */
interface Opened {
  readonly block: StoredBlock;
  readonly verdict: Verdict;
  readonly raw: Buffer;
  readonly damage?: FoundDamage;
}

/** What is found in a span, in its order. Throws what reading throws, but for damage and a segment that is gone. */
export async function* searchSegment(
  orders: SegmentOrders,
  span: Span,
): AsyncGenerator<Found, void, undefined> {
  const progress = { told: span.from, left: orders.limit };
  for (let from: number | undefined = span.from; from !== undefined;)
    from = yield* blocksFrom(orders, span, from, progress);
  yield { kind: 'scanned', bytes: span.end - progress.told };
}

/** Searches up to the end or to damage; the answer is where blocks begin again behind it. */
async function* blocksFrom(
  orders: SegmentOrders,
  { segment, end }: Span,
  from: number,
  progress: { told: number; left: number },
): AsyncGenerator<Found, number | undefined, undefined> {
  const { folder } = orders;
  let reached = from;
  try {
    const blocks = upTo(end, readBlocks(folder, segment, from));
    for await (const opened of mapInOrder(blocks, AT_ONCE, (block) => openBlock(orders, block))) {
      reached = opened.block.endOffset;
      if (opened.damage !== undefined) yield opened.damage;
      const found = opened.damage === undefined ? search(orders, opened, progress.left) : undefined;
      if (found !== undefined) yield found;
      if ((progress.left -= found?.count ?? 0) <= 0) return undefined;
      if (reached - progress.told < TELL_BYTES) continue;
      yield { kind: 'scanned', bytes: reached - progress.told };
      progress.told = reached;
    }
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      yield { kind: 'gone', segment: segment.name };
      return undefined;
    }
    const damage = damageOf(error);
    if (damage === undefined) throw error;
    yield damaged(damage.position, damage.message, 0);
    const next = await findBlock(folder, segment, Math.max(reached, damage.nextAt));
    return next === undefined || next >= end ? undefined : next;
  }
}

/** Inflates a block where its header leaves something to look for; damage to it is an answer. */
async function openBlock({ search, wanted }: SegmentOrders, block: StoredBlock): Promise<Opened> {
  const { header, position } = block;
  const verdict = search.verdict(header);
  if (verdict === 'none' || (verdict === 'all' && wanted === 'count'))
    return { block, verdict, raw: NOTHING };
  try {
    return { block, verdict, raw: await block.read() };
  } catch (error) {
    const damage = damageOf(error);
    if (damage === undefined) throw error;
    return { block, verdict, raw: NOTHING, damage: damaged(position, damage.message, header.count) };
  }
}

/** The lines of a block that are wanted; undefined where there are none. */
function search({ search, wanted }: SegmentOrders, opened: Opened, limit: number): FoundBlock | undefined {
  const { block, verdict, raw } = opened;
  if (verdict === 'none') return undefined;
  const { header, position } = block;
  const found = {
    kind: 'block',
    position,
    ...belonging(header),
    lines: NOTHING,
    numbers: NO_NUMBERS,
  } as const;
  if (verdict === 'all' && wanted === 'count') return { ...found, count: Math.min(header.count, limit) };
  const { count, bytes, numbers } = search.lines(header, raw, {
    limit,
    withNumbers: wanted === 'numbered lines',
  });
  if (bytes !== raw) release(raw);
  if (count === 0) return undefined;
  return wanted === 'count' ? { ...found, count } : { ...found, count, lines: bytes, numbers };
}

/** The blocks before `end`, with which one of them ends. */
async function* upTo(end: number, blocks: AsyncIterable<StoredBlock>): AsyncGenerator<StoredBlock> {
  for await (const block of blocks) {
    yield block;
    if (block.endOffset >= end) return;
  }
}

const damaged = (position: FoundDamage['position'], message: string, entries: number): FoundDamage => ({
  kind: 'damage',
  position,
  message,
  entries,
});

const NOTHING = Buffer.alloc(0);
const NO_NUMBERS = new Uint32Array(0);
