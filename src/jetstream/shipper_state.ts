/**
 * Where a shipper stands after a message of its subject. It follows from the messages alone, so whoever reads them up to the
 * same one comes to the same state.
 */
import type { ResumePoint } from '../archive/commit_log.ts';
import { advance, placeIn } from '../archive/resume.ts';
import type { BlockInfo } from '../archive/block.ts';

export interface ShipperState {
  /** Stream sequence of its last message; 0 before the first. */
  readonly at: number;
  /** The run of the receiver that writes for it. */
  readonly claim?: string;
  /** Undefined for a stranger. */
  readonly point?: ResumePoint;
}

/** A message of a shipper's subject. */
export interface ShipperMessage {
  readonly sequence: number;
  /** The run that published it. */
  readonly claim: string;
  /** Stream sequence of the shipper's message before it. */
  readonly previous: number;
  /** Left out where it is a claim, or damaged. */
  readonly block?: BlockInfo;
  /** What is wrong with it: somebody else put it there. */
  readonly damage?: string;
}

export const STRANGER: ShipperState = { at: 0 };

/** The state after a message. That of before is used up. */
export function after(state: ShipperState, { sequence, claim, block, damage }: ShipperMessage): ShipperState {
  if (damage !== undefined) return { ...state, at: sequence };
  if (block === undefined) return { ...state, at: sequence, claim };
  return isRepeat(state.point, block)
    ? { ...state, at: sequence }
    : { ...state, at: sequence, point: advance(state.point, block) };
}

/** True for a block that was there before. */
export function isRepeat(point: ResumePoint | undefined, { epoch, sequence }: BlockInfo): boolean {
  const last = placeIn(point, epoch);
  return last !== undefined && sequence <= last.sequence;
}
