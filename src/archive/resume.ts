import type { BlockInfo } from './block.ts';
import type { ResumePoint } from './commit_log.ts';

/** The resume point after a block: its numbers, and its positions over those that did not move. */
export function advance(point: ResumePoint | undefined, block: BlockInfo): ResumePoint {
  return {
    epoch: block.epoch,
    sequence: block.sequence,
    crc: block.crc,
    positions:
      Object.keys(block.positions).length === 0
        ? (point?.positions ?? {})
        : { ...point?.positions, ...block.positions },
  };
}
