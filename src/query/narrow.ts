/** Leaves out what the headers of blocks say is not wanted, before anything is inflated. */
import { Readable } from 'node:stream';
import { damageOf, readHeads } from '../archive/block_reader.ts';
import { mapInOrder } from '../base/in_order.ts';
import type { BlockSearch } from './block_search.ts';
import type { Span } from './reach.ts';

/** Segments whose headers are read at once: most of the time the disk is waited for. */
const AT_ONCE = 8;

/** The parts of these spans that may hold what is looked for, in their order. */
export async function narrowed(folder: string, spans: readonly Span[], search: BlockSearch): Promise<Span[]> {
  const found: Span[] = [];
  for await (const parts of mapInOrder(each(spans), AT_ONCE, (span) => partsOf(folder, span, search)))
    found.push(...parts);
  return found;
}

/** Runs of blocks of which one may be wanted. From damage on nothing is left out: who searches it tells of it. */
async function partsOf(folder: string, span: Span, search: BlockSearch): Promise<Span[]> {
  const { segment, from, end } = span;
  const parts: { segment: Span['segment']; from: number; end: number }[] = [];
  let reached = from;
  try {
    for await (const { header, position, endOffset } of readHeads(folder, segment, from)) {
      reached = endOffset;
      const last = parts.at(-1);
      const isWanted = search.verdict(header) !== 'none';
      if (isWanted && last?.end === position.offset) last.end = endOffset;
      else if (isWanted) parts.push({ segment, from: position.offset, end: endOffset });
      // What is behind the end may be half written.
      if (endOffset >= end) break;
    }
  } catch (error) {
    const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (!isGone && damageOf(error) === undefined) throw error;
    parts.push({ segment, from: reached, end });
  }
  return parts;
}

const each = (spans: readonly Span[]): AsyncIterable<Span> => Readable.from(spans);
