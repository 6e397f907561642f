import type { BlockInfo } from './block.ts';
import type { EpochPlace, ResumePoint } from './commit_log.ts';

/** Epochs remembered beside the newest. */
const EARLIER_EPOCHS = 16;

/** Rejected batches remembered: more than a window of small ones holds. */
const REJECTED = 64;

/** The resume point after a block: its numbers, and its positions over those that did not move. */
export function advance(point: ResumePoint | undefined, block: BlockInfo): ResumePoint {
  const { epoch, sequence, crc, positions, gap } = block;
  const isSameEpoch = point?.epoch === epoch;
  const before = isSameEpoch ? (point.rejected ?? []) : [];
  const rejected =
    gap?.rejected === undefined ? before : [...before, { sequence, code: gap.rejected }].slice(-REJECTED);
  const earlier = isSameEpoch ? (point.earlier ?? []) : earlierThan(point, epoch);
  return {
    epoch,
    sequence,
    crc,
    positions:
      Object.keys(positions).length === 0 ? (point?.positions ?? {}) : { ...point?.positions, ...positions },
    ...(rejected.length === 0 ? {} : { rejected }),
    ...(earlier.length === 0 ? {} : { earlier }),
  };
}

/** The shipper's place in `epoch`, if it is one of those remembered. */
export function placeIn(point: ResumePoint | undefined, epoch: number): EpochPlace | undefined {
  if (point?.epoch === epoch) return point;
  return point?.earlier?.find((place) => place.epoch === epoch);
}

function earlierThan(point: ResumePoint | undefined, epoch: number): EpochPlace[] {
  if (point === undefined) return [];
  const { epoch: last, sequence, crc, earlier = [] } = point;
  const others = earlier.filter((place) => place.epoch !== epoch);
  return [{ epoch: last, sequence, crc }, ...others].slice(0, EARLIER_EPOCHS);
}
