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

/** Blocks of these archives as they come, until the signal aborts; of those that are there the one that was received first. */
export async function* followSeveral(
  archives: readonly FollowedFolder[],
  signal: AbortSignal,
): AsyncGenerator<ReadBlock, void, undefined> {
  await using opened = new AsyncDisposableStack();
  const idle = new Set<ArchiveReader>();
  for (const { folder, position, report } of archives)
    idle.add(opened.use(new ArchiveReader(folder, position, report)));
  const held: { readonly reader: ArchiveReader; readonly block: ReadBlock }[] = [];
  while (!signal.aborted) {
    for (const reader of idle) {
      const block = await reader.next();
      if (block === undefined) continue;
      idle.delete(reader);
      held.push({ reader, block });
    }
    const least = leastOf(held, (a, b) => compareBlocks(a.block.header, b.block.header));
    const [first] = held.splice(least, 1);
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
