/** What a search tells, from whatever thread it runs in. */
import type { BlockHeader } from '../archive/block.ts';
import type { Position } from '../archive/commit_log.ts';

const NEWLINE = 0x0a;

/** The lines of one block that are wanted. */
export interface FoundBlock {
  readonly kind: 'block';
  /** Of the block they lie in. */
  readonly position: Position;
  readonly shipperId: string;
  readonly epoch: number;
  readonly sequence: number;
  readonly receivedAtMs: number;
  readonly count: number;
  /** The lines as they are stored, each with its newline; empty where only their count was asked for. */
  readonly lines: Buffer;
  /** The number of each in its block, from 0; empty where nobody asked for them. */
  readonly numbers: Uint32Array;
}

/** What can't be read. */
export interface FoundDamage {
  readonly kind: 'damage';
  readonly position: Position;
  readonly message: string;
  /** How many entries are lost with it, where a header still says so. */
  readonly entries: number;
}

/** A segment that retention deleted before it was read, or in the middle of it. */
export interface FoundGone {
  readonly kind: 'gone';
  readonly segment: string;
}

/** So many more bytes of the archive are done. */
export interface Scanned {
  readonly kind: 'scanned';
  readonly bytes: number;
}

/** What the header of a block says of where it belongs. */
export const belonging = ({
  shipperId,
  epoch,
  sequence,
  receivedAtMs,
}: BlockHeader): Pick<FoundBlock, 'shipperId' | 'epoch' | 'sequence' | 'receivedAtMs'> => ({
  shipperId,
  epoch,
  sequence,
  receivedAtMs,
});

/** The block with no more of its lines than that. */
export function atMost(block: FoundBlock, limit: number): FoundBlock {
  if (block.count <= limit) return block;
  const lines = Buffer.from(block.lines);
  let end = 0;
  for (let line = 0; line < limit && lines.length > 0; line += 1) end = lines.indexOf(NEWLINE, end) + 1;
  return { ...block, count: limit, lines: lines.subarray(0, end), numbers: block.numbers.subarray(0, limit) };
}

export type Found = FoundBlock | FoundDamage | FoundGone | Scanned;

/** What is wanted of the entries that match. */
export type Wanted = 'lines' | 'numbered lines' | 'count';
