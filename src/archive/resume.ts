import type { BlockInfo } from './block.ts';
import type { SourcePosition, SourcePositions } from '../entry.ts';
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
    positions: moved(point?.positions, positions),
    ...(rejected.length === 0 ? {} : { rejected }),
    ...(earlier.length === 0 ? {} : { earlier }),
  };
}

/** Positions after some of them moved, or are of something that is gone for good. */
function moved(before: SourcePositions = {}, positions: SourcePositions): SourcePositions {
  if (Object.keys(positions).length === 0) return before;
  const after: Record<string, SourcePosition> = { ...before, ...positions };
  for (const [name, { isGone }] of Object.entries(positions))
    if (isGone === true) Reflect.deleteProperty(after, name);
  return after;
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
