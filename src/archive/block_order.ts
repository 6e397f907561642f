import type { BlockInfo } from './block.ts';

/** What the place of a block among those of other archives is known by. */
export type BlockOrder = Pick<BlockInfo, 'receivedAtMs' | 'epoch' | 'sequence'>;

/** The order of blocks of several archives: as they were received, and within a millisecond by their numbers. */
export const compareBlocks = (a: BlockOrder, b: BlockOrder): number =>
  a.receivedAtMs - b.receivedAtMs || a.epoch - b.epoch || a.sequence - b.sequence;
