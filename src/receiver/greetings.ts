/** What a receiver says of itself, and of where a shipper stands. */
import type { ResumePoint } from '../archive/commit_log.ts';
import { placeIn } from '../archive/resume.ts';
import { ALGORITHMS } from '../wire/frame.ts';
import { PROTOCOL_VERSION, type Ready, type Welcome } from '../wire/messages.ts';

/** What this receiver takes: the rest of a WELCOME is the same for all. */
export const welcomeOf = (
  takes: Pick<Welcome, 'maxFrameBytes' | 'maxBatchBytes' | 'tokenWanted'>,
): Welcome => ({
  version: PROTOCOL_VERSION,
  algorithms: ALGORITHMS,
  ...takes,
});

/** `place` is what the archive knows of the shipper, `asked` the epoch it numbers in, where it has one; `fresh` is one for a stranger. */
export function readyOf(
  place: ResumePoint | undefined,
  { asked, fresh, windowBytes }: { asked: number | null; fresh: number; windowBytes: number },
): Ready {
  const epoch = asked ?? place?.epoch ?? fresh;
  const last = placeIn(place, epoch);
  return {
    epoch,
    sequence: last?.sequence ?? 0,
    ...(last === undefined ? {} : { crc: last.crc }),
    positions: place?.positions ?? {},
    ...(place?.epoch === epoch && place.rejected !== undefined ? { rejected: place.rejected } : {}),
    windowBytes,
  };
}
