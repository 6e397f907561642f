/**
 * The blocks that bring an archive to a shipper's place of which it has only a part, or nothing. The entries are in another
 * archive, so they are gaps that say so (`elsewhere`). A gap whose `from` is behind its sequence stands for no number at
 * all: it carries source positions, of which one block's header holds some, and a place may have very many.
 */
import { isDeepStrictEqual } from 'node:util';
import type { BlockInfo } from '../../archive/block.ts';
import type { EpochPlace, ResumePoint } from '../../archive/commit_log.ts';
import { placeIn } from '../../archive/resume.ts';
import type { SourcePosition, SourcePositions } from '../../entry.ts';

/** What a header says may be 64 KiB; so much of it, as JSON, is for positions. */
const POSITIONS_BYTES = 32 * 1024;

const GONE: SourcePosition = { offset: 0, head: '', headBytes: 0, isGone: true };

/** A place on the way; its last batch was rejected where there is a code. */
interface Step extends EpochPlace {
  readonly rejected?: string;
}

/** In order; none where the archive stands there already. `have` is what it has, of which `place` must hold everything. */
export function placeBlocks(
  shipperId: string,
  place: ResumePoint,
  have: ResumePoint | undefined,
  receivedAtMs: number,
): BlockInfo[] {
  const reached = new Map<number, number>();
  const lastIn = (epoch: number): number | undefined => reached.get(epoch) ?? placeIn(have, epoch)?.sequence;
  const gapTo = ({ epoch, sequence, crc, rejected }: Step, positions: SourcePositions): BlockInfo => {
    const from = (lastIn(epoch) ?? sequence - 1) + 1;
    reached.set(epoch, sequence);
    const code = rejected === undefined ? {} : { rejected };
    const gap = { from, entries: 0, reason: 'in another archive', elsewhere: true, crc, ...code } as const;
    return { shipperId, epoch, sequence, receivedAtMs, count: 0, rawLength: 0, crc: 0, positions, gap };
  };
  const isAhead = ({ epoch, sequence }: Step): boolean => sequence > (lastIn(epoch) ?? -1);
  const [first = {}, ...others] = inParts(movesBetween(have?.positions ?? {}, place.positions));
  const ahead = stepsTo(place).filter(isAhead);
  if (ahead.length === 0 && have?.epoch === place.epoch && Object.keys(first).length === 0) return [];
  const { epoch, sequence, crc } = place;
  return [
    ...ahead.map((step) => gapTo(step, {})),
    ...[first, ...others].map((positions) => gapTo({ epoch, sequence, crc }, positions)),
  ];
}

/** Oldest first: the epochs it had, the batches of its own that were rejected, itself. */
function stepsTo({ epoch, sequence, crc, earlier = [], rejected = [] }: ResumePoint): Step[] {
  const refused = rejected.map((batch) => ({
    epoch,
    sequence: batch.sequence,
    crc: 0,
    rejected: batch.code,
  }));
  const isLastRefused = refused.at(-1)?.sequence === sequence;
  return [...earlier.toReversed(), ...refused, ...(isLastRefused ? [] : [{ epoch, sequence, crc }])];
}

/** What must be said of positions for `from` to become `to`. */
function movesBetween(from: SourcePositions, to: SourcePositions): [string, SourcePosition][] {
  const isThere = ([name, position]: [string, SourcePosition]): boolean =>
    Object.hasOwn(from, name) && isDeepStrictEqual(from[name], position);
  const gone = Object.keys(from).filter((name) => !Object.hasOwn(to, name));
  return [
    ...Object.entries(to).filter((entry) => !isThere(entry)),
    ...gone.map((name): [string, SourcePosition] => [name, GONE]),
  ];
}

/** So many at a time that a header holds them. */
function inParts(moves: readonly [string, SourcePosition][]): SourcePositions[] {
  const parts: [string, SourcePosition][][] = [[]];
  let bytes = 0;
  for (const move of moves) {
    const size = Buffer.byteLength(JSON.stringify(move));
    if (bytes > 0 && bytes + size > POSITIONS_BYTES) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(move);
    bytes += size;
  }
  return parts.map((part) => Object.fromEntries(part));
}
