import { join } from 'node:path';
import { sizeOf } from '../base/file_size.ts';
import type { Position } from './commit_log.ts';
import { compareSegments, listSegments, parseSegmentName } from './segment_name.ts';

/** How many bytes of the archive lie behind a position: what a follower that stands there has still to read. */
export async function bytesBehind(folder: string, position: Position | undefined): Promise<number> {
  const stands = parseSegmentName(position?.segment ?? '');
  let bytes = 0;
  for (const segment of await listSegments(folder)) {
    const order = stands === undefined ? 1 : compareSegments(segment, stands);
    if (order < 0) continue;
    const size = await sizeOf(join(folder, segment.name));
    bytes += order === 0 ? Math.max(0, size - (position?.offset ?? 0)) : size;
  }
  return bytes;
}
