/** Reads several archives as one while they are written. */
import { leastOf } from '../base/merged.ts';
import { compareBlocks } from './block_order.ts';
import type { Position } from './commit_log.ts';
import { ArchiveReader, type FollowReport, type ReadBlock } from './follow.ts';

/** An archive that is read from `position` on; undefined: from its oldest block. */
export interface FollowedFolder {
  readonly folder: string;
  readonly position: Position | undefined;
  readonly report?: FollowReport;
}

/** An archive that had nothing is not asked again for so long while another has more: to ask one looks through its folder. */
const LOOK_EVERY_MS = 50;

interface HeldBlock {
  readonly reader: ArchiveReader;
  readonly block: ReadBlock;
}

/**
 * Blocks of these archives as they come, until the signal aborts; of those that are there the one that was received first.
 * What comes into an archive that had nothing is there within a twentieth of a second.
 */
export async function* followSeveral(
  archives: readonly FollowedFolder[],
  signal: AbortSignal,
  now = (): number => performance.now(),
): AsyncGenerator<ReadBlock, void, undefined> {
  await using opened = new AsyncDisposableStack();
  const idle = new Set<ArchiveReader>();
  for (const { folder, position, report } of archives)
    idle.add(opened.use(new ArchiveReader(folder, position, report)));
  const held: HeldBlock[] = [];
  /** False where the reader has none as yet. */
  const takeNext = async (reader: ArchiveReader): Promise<boolean> => {
    const block = await reader.next();
    if (block === undefined) return false;
    idle.delete(reader);
    held.push({ reader, block });
    return true;
  };
  let last: ArchiveReader | undefined;
  let lookAtMs = -Infinity;
  while (!signal.aborted) {
    const hasMore = last !== undefined && (await takeNext(last));
    if (!hasMore || now() >= lookAtMs) {
      for (const reader of idle) if (reader !== last) await takeNext(reader);
      lookAtMs = now() + LOOK_EVERY_MS;
    }
    const least = leastOf(held, (a, b) => compareBlocks(a.block.header, b.block.header));
    const [first] = held.splice(least, 1);
    last = first?.reader;
    if (first === undefined) await moreOfAny([...idle], signal);
    else {
      idle.add(first.reader);
      yield first.block;
    }
  }
}

/** Settles when one of the archives may have more, or when the signal aborts; nothing waits on. */
async function moreOfAny(readers: readonly ArchiveReader[], signal: AbortSignal): Promise<void> {
  const woken = new AbortController();
  const wake = (): void => woken.abort();
  signal.addEventListener('abort', wake);
  try {
    if (!signal.aborted) await Promise.race(readers.map((reader) => reader.more(woken.signal)));
  } finally {
    wake();
    signal.removeEventListener('abort', wake);
  }
}
