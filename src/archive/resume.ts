import type { BlockInfo } from './block.ts';
import type { SourcePosition, SourcePositions } from '../entry.ts';
import type { EpochPlace, ResumePoint, ShipperNumbers } from './commit_log.ts';

/** Epochs remembered beside the newest. */
const EARLIER_EPOCHS = 16;

/** Rejected batches remembered: more than a window of small ones holds. */
const REJECTED = 64;

/** The place in its number line after a block. */
export function nextPlace(point: ShipperNumbers | undefined, block: BlockInfo): ShipperNumbers {
  const { epoch, sequence, gap } = block;
  const crc = gap?.crc ?? block.crc;
  const isSameEpoch = point?.epoch === epoch;
  const before = isSameEpoch ? (point.rejected ?? []) : [];
  const rejected =
    gap?.rejected === undefined ? before : [...before, { sequence, code: gap.rejected }].slice(-REJECTED);
  const earlier = isSameEpoch ? (point.earlier ?? []) : earlierThan(point, epoch);
  return {
    epoch,
    sequence,
    crc,
    ...(rejected.length === 0 ? {} : { rejected }),
    ...(earlier.length === 0 ? {} : { earlier }),
  };
}

/**
 * The resume point after a block: its numbers, and its positions over those that did not move. `point` is used up: a shipper
 * may have very many sources, so its positions are not copied.
 */
export function advance(point: ResumePoint | undefined, block: BlockInfo): ResumePoint {
  const positions = point?.positions ?? {};
  for (const [name, position] of Object.entries(block.positions)) move(positions, name, position);
  return { ...nextPlace(point, block), positions };
}

/** As data: `__proto__` is a name like any other. */
function move(positions: SourcePositions, name: string, value: SourcePosition): void {
  if (value.isGone === true) Reflect.deleteProperty(positions, name);
  else
    Reflect.defineProperty(positions, name, { value, writable: true, enumerable: true, configurable: true });
}

/** The shipper's place in `epoch`, if it is one of those remembered. */
export function placeIn(point: ShipperNumbers | undefined, epoch: number): EpochPlace | undefined {
  if (point?.epoch === epoch) return point;
  return point?.earlier?.find((place) => place.epoch === epoch);
}

function earlierThan(point: ShipperNumbers | undefined, epoch: number): EpochPlace[] {
  if (point === undefined) return [];
  const { epoch: last, sequence, crc, earlier = [] } = point;
  const others = earlier.filter((place) => place.epoch !== epoch);
  return [{ epoch: last, sequence, crc }, ...others].slice(0, EARLIER_EPOCHS);
}
