/** Which part of an archive can be searched now: what its receiver has acknowledged, and of a dead one all that it left whole. */
import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readCommitted } from '../archive/committed.ts';
import type { Position } from '../archive/commit_log.ts';
import { listSegments, type SegmentName } from '../archive/segment_name.ts';
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
      const end = segment === newest && isLive ? Math.min(size, committedBytes(segment, mark)) : size;
      return { segment, from: 0, end };
    }),
  );
  return spans.filter(({ end }) => end > 0);
}

/** Of a newest segment that the mark has not come to nothing is acknowledged yet. */
const committedBytes = (segment: SegmentName, mark: Position | undefined): number =>
  mark?.segment === segment.name ? mark.offset : 0;

/** 0 where retention has deleted it meanwhile. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}
