/** Archives to look for entries in, and a search that looks at every line on its own, to hold the other to. */
import type { FormatName } from '../../src/archive/format.ts';
import { timeRangeOf } from '../../src/archive/time_range.ts';
import { parseQuery, type QueryOptions } from '../../src/query/query.ts';
import { search, type SearchOptions } from '../../src/query/search.ts';
import { openArchive } from './archives.ts';
import { EPOCH, makeBlock } from './blocks.ts';

/** When the blocks here are received, the first of them. */
export const FIRST_RECEIVED_MS = Date.UTC(2026, 0, 31, 12);

export interface QueryBlock {
  readonly lines: readonly string[];
  readonly shipperId?: string;
  /** Left out: a minute after the block before. */
  readonly receivedAtMs?: number;
  /** The header says nothing of times. */
  readonly isUntimed?: boolean;
}

/** Writes blocks of these lines, in this order. Segments are of `segmentMaxBytes`, and may change their format on the way. */
export async function writeQueryArchive(
  folder: string,
  blocks: readonly QueryBlock[],
  {
    format = 'gzip',
    segmentMaxBytes = 5 * 1024 * 1024,
  }: { format?: FormatName; segmentMaxBytes?: number } = {},
): Promise<void> {
  await using opened = await openArchive(folder, { format, segmentMaxBytes });
  const sequences = new Map<string, number>();
  for (const [index, { lines, shipperId = 'a', receivedAtMs, isUntimed = false }] of blocks.entries()) {
    const last = sequences.get(shipperId) ?? (await opened.archive.resumePoint(shipperId))?.sequence ?? 0;
    sequences.set(shipperId, last + 1);
    const text = lines.map((line) => `${line}\n`).join('');
    const times = isUntimed ? undefined : timeRangeOf(Buffer.from(text));
    const block = await makeBlock({
      ...{ text, shipperId, sequence: last + 1, epoch: EPOCH, format },
      receivedAtMs: receivedAtMs ?? FIRST_RECEIVED_MS + index * 60_000,
      ...(times === undefined ? {} : { times }),
    });
    await opened.archive.append(block);
  }
}

/** The lines that a query finds. */
export async function found(
  folder: string,
  wishes: QueryOptions,
  options: SearchOptions = {},
): Promise<string[]> {
  const lines: string[] = [];
  for await (const { line } of search(folder, parseQuery(wishes, Date.now()), options))
    lines.push(line.toString());
  return lines;
}
