/** Which part of an archive can be searched now: what its receiver has acknowledged, and of a dead one all that it left whole. */
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { damageOf, findBlock, readHeads } from '../archive/block_reader.ts';
import { readCommitted } from '../archive/committed.ts';
import type { Position } from '../archive/commit_log.ts';
import { listSegments, type SegmentName } from '../archive/segment_name.ts';
import { sizeOf } from '../base/file_size.ts';
import { isFolderLocked } from '../base/folder_lock.ts';
import { QueryError } from './query_error.ts';

/** Bytes `from` to `end` of a segment: they begin and end with a block. */
export interface Span {
  readonly segment: SegmentName;
  readonly from: number;
  readonly end: number;
}

/** The segments that can be searched, oldest first. Throws QueryError where there is no such folder, else what readdir throws. */
export async function searchable(folder: string): Promise<Span[]> {
  await realpath(folder).catch((cause: unknown) => {
    throw new QueryError(`there is no archive to read in ${folder}: ${(cause as Error).message}`, { cause });
  });
  // Read before the list: a segment that has a newer one behind it then stays as it is.
  const mark = await readCommitted(folder);
  const isLive = await isFolderLocked(folder);
  const segments = await listSegments(folder);
  const newest = segments.at(-1);
  const spans = await Promise.all(
    segments.map(async (segment) => {
      const size = await sizeOf(join(folder, segment.name));
      if (segment !== newest) return { segment, from: 0, end: size };
      const committed = Math.min(size, committedBytes(segment, mark));
      return { segment, from: 0, end: isLive ? committed : await wholeEnd(folder, segment, committed, size) };
    }),
  );
  return spans.filter(({ end }) => end > 0);
}

/** Of a newest segment that the mark has not come to nothing is acknowledged yet. */
const committedBytes = (segment: SegmentName, mark: Position | undefined): number =>
  mark?.segment === segment.name ? mark.offset : 0;

/** Where the whole blocks end of a segment that its receiver died over: a last one that is cut short is for the next one to mend. */
async function wholeEnd(folder: string, segment: SegmentName, from: number, size: number): Promise<number> {
  let end = from;
  try {
    for await (const { endOffset } of readHeads(folder, segment, from)) {
      if (endOffset > size) return end;
      end = endOffset;
    }
    return end;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return size;
    const damage = damageOf(error);
    if (damage === undefined) throw error;
    if (damage.isTorn) return damage.position.offset;
    const next = await findBlock(folder, segment, damage.nextAt);
    return next === undefined ? size : await wholeEnd(folder, segment, next, size);
  }
}
