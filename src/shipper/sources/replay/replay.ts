/**
 * `replay`: the blocks of one or several archives, shipped again in their order. A block of which every entry is wanted goes as it lies
 * there, compressed; of others the wanted entries are taken out. Where it stands in each archive is a source position of its own,
 * so the receiver knows how far it was.
 */
import type { BlockHeader } from '../../../archive/block.ts';
import { compareBlocks } from '../../../archive/block_order.ts';
import type { Position } from '../../../archive/commit_log.ts';
import { ArchiveReader, type FollowedBlock } from '../../../archive/follow.ts';
import { compareSegments, parseSegmentName } from '../../../archive/segment_name.ts';
import { release } from '../../../base/large_buffers.ts';
import type { Logger } from '../../../base/logger.ts';
import { merged } from '../../../base/merged.ts';
import type { Lines, SourcePosition, SourcePositions } from '../../../entry.ts';
import type { Chunk, Source } from '../../source.ts';
import { Pace } from './pace.ts';
import { divided } from './divided.ts';

/** Which entries are replayed. */
export interface Choice {
  /** What the header alone says of the block's entries: none is wanted, all are, or it takes a look. */
  verdict(header: BlockHeader): 'none' | 'all' | 'look';
  /** The wanted lines of a block, `raw` being its NDJSON, each with its newline, and the number of each in the block, from 0. */
  lines(header: BlockHeader, raw: Buffer): Lines & { readonly numbers: Uint32Array };
}

export interface ReplayedArchive {
  /** It may be written at the same time. */
  readonly folder: string;
  /** Where the replay ends: its receiver may be the one that writes the archive, which then grows with what is replayed. */
  readonly end: Position;
  /** The name of its position: the same archive and choice go on where the last run ended. */
  readonly name: string;
}

export interface ReplayOptions {
  readonly archives: readonly ReplayedArchive[];
  readonly choice: Choice;
  /** So many times as fast as the blocks were received; 0: as fast as the receiver takes them. */
  readonly speed: number;
  readonly log: Logger;
  /** Told of each part of an archive that can't be read. */
  readonly onDamage: () => void;
}

/** A block of one of the archives, of which the first `skip` entries are done. */
interface ReplayedBlock extends FollowedBlock {
  readonly name: string;
  readonly skip: number;
}

/** Archives as a source. Reading throws ArchiveError `ahead` where one ends before the place where the last run stood. */
export function replay(options: ReplayOptions): Source {
  const { archives, speed } = options;
  return {
    name: 'replay',
    canReread: true,
    async *read(from, signal, maxChunkBytes) {
      const pace = new Pace(speed);
      const streams = archives.map((archive) => blocksOf(archive, options, from, signal));
      for await (const block of merged(streams, (a, b) => compareBlocks(a.header, b.header))) {
        const chunks = chunksOf(block, options, maxChunkBytes);
        if (chunks.length > 0) await pace.wait(block.header.receivedAtMs, signal);
        if (signal.aborted) return;
        yield* chunks;
      }
    },
  };
}

/** The blocks of one archive that may hold what is wanted, from where the last run stood. */
async function* blocksOf(
  { folder, name, end }: ReplayedArchive,
  options: ReplayOptions,
  from: SourcePositions,
  signal: AbortSignal,
): AsyncGenerator<ReplayedBlock, void, undefined> {
  const start = placeIn(from, name);
  const isWanted = (header: BlockHeader): boolean =>
    header.count > 0 && options.choice.verdict(header) !== 'none';
  await using reader = new ArchiveReader(folder, start?.position, { ...reportOf(folder, options), isWanted });
  while (!signal.aborted) {
    const block = await reader.next();
    if (block === undefined || !isBefore(end, block.position)) return;
    const skip = start !== undefined && isAt(start.position, block.position) ? start.part : 0;
    if (isWanted(block.header)) yield { ...block, name, skip };
  }
}

/** What is wanted of a block, behind its first entries that are done. */
function chunksOf(
  { header, position, endOffset, raw, packed, name, skip }: ReplayedBlock,
  { choice, speed }: ReplayOptions,
  maxChunkBytes: number,
): Chunk[] {
  const at = (place: Pick<SourcePosition, 'offset' | 'part'>): SourcePositions => ({
    [name]: { ...place, head: '', headBytes: 0, path: position.segment },
  });
  const { count, rawLength, crc } = header;
  const isUrgent = speed > 0;
  const fits = rawLength <= maxChunkBytes || count === 1;
  const { numbers, ...lines } =
    choice.verdict(header) === 'all' ? { bytes: raw, count } : choice.lines(header, raw);
  if (lines.count === count && skip === 0 && fits) {
    const algorithm = position.segment.endsWith('.gz') ? 'gzip' : 'zstd';
    release(raw);
    const how = { packed: { algorithm, rawLength, crc }, isUrgent } as const;
    return [{ lines: { bytes: packed, count }, positions: at({ offset: endOffset }), ...how }];
  }
  const numberOf = (line: number): number => numbers?.[line] ?? line;
  const left = numbers?.filter((number) => number >= skip).length ?? Math.max(0, count - skip);
  return divided(lines, lines.count - left, maxChunkBytes).map(({ done, ...part }) => ({
    lines: part,
    positions: at(
      done === lines.count
        ? { offset: endOffset }
        : { offset: position.offset, part: numberOf(done - 1) + 1 },
    ),
    isUrgent,
  }));
}

/** False where the block that was to be next is damaged, or gone with its segment: the one read is another. */
const isAt = (place: Position, { segment, offset }: Position): boolean =>
  segment === place.segment && offset === place.offset;

/** True of a block at `position` that lies before `end`. */
function isBefore(end: Position, { segment, offset }: Position): boolean {
  if (segment === end.segment) return offset < end.offset;
  const [last, here] = [parseSegmentName(end.segment), parseSegmentName(segment)];
  return last !== undefined && here !== undefined && compareSegments(here, last) < 0;
}

/** Where the last run stood, by the receiver's word. */
function placeIn(from: SourcePositions, name: string) {
  const known = Object.hasOwn(from, name) ? from[name] : undefined;
  if (known?.path === undefined) return undefined;
  const { path: segment, offset, part = 0 } = known;
  return { position: { segment, offset }, part };
}

function reportOf(folder: string, { log, onDamage }: ReplayOptions) {
  return {
    damaged(position: FollowedBlock['position'], message: string, entries: number): void {
      onDamage();
      const { segment, offset } = position;
      log.error(
        { folder, segment, offset, entries },
        `${segment} at byte ${offset} is not replayed: ${message}`,
      );
    },
    gone(segment: string, next: string): void {
      log.warn(
        { folder, segment, next },
        `${segment} was deleted before it was replayed: going on with ${next}`,
      );
    },
  };
}
