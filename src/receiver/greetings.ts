/** What a receiver says of itself, and of where a shipper stands. */
import type { ResumePoint } from '../archive/commit_log.ts';
import { placeIn } from '../archive/resume.ts';
import { ALGORITHMS } from '../wire/frame.ts';
import { PROTOCOL_VERSION, type Ready, type Welcome } from '../wire/messages.ts';
import type { SessionContext } from './session.ts';

export function welcomeOf({ limits, check, access }: SessionContext): Welcome {
  return {
    version: PROTOCOL_VERSION,
    algorithms: ALGORITHMS,
    maxFrameBytes: limits.maxFrameBytes,
    maxBatchBytes: check.maxBatchBytes,
    tokenWanted: access.isTokenWanted,
  };
}

/** `place` is what the archive knows of the shipper, `asked` the epoch it numbers in, where it has one. */
export function readyOf(
  place: ResumePoint | undefined,
  asked: number | null,
  { limits, now }: Pick<SessionContext, 'limits' | 'now'>,
): Ready {
  const epoch = asked ?? place?.epoch ?? now();
  const last = placeIn(place, epoch);
  return {
    epoch,
    sequence: last?.sequence ?? 0,
    ...(last === undefined ? {} : { crc: last.crc }),
    positions: place?.positions ?? {},
    ...(place?.epoch === epoch && place.rejected !== undefined ? { rejected: place.rejected } : {}),
    windowBytes: limits.windowBytes,
  };
}
