import { crc32 } from 'node:zlib';
import { sealHeader, type Block, type BlockInfo } from '../../src/archive/block.ts';
import { readBlocks } from '../../src/archive/block_reader.ts';
import { FORMATS, encodeMember, type FormatName } from '../../src/archive/format.ts';
import { listSegments } from '../../src/archive/segment_name.ts';

export const EPOCH = 1_700_000_000_000;
export const RECEIVED_AT_MS = Date.UTC(2026, 0, 31, 12, 0, 0);

/** Numbered entries: `{"shipper":…,"n":…}`, a line each. */
export function numberedLines(shipper: string, from: number, count: number): string {
  return Array.from(
    { length: count },
    (_, index) => `${JSON.stringify({ shipper, n: from + index })}\n`,
  ).join('');
}

export interface BlockWishes extends Partial<BlockInfo> {
  readonly format?: FormatName;
  /** The entries; numbered ones where left out. */
  readonly text?: string;
  readonly level?: number;
}

/** A block that checks out: two entries of shipper `a` under sequence 1, or as wished. */
export async function makeBlock({
  format = 'gzip',
  text,
  level = 6,
  ...info
}: BlockWishes = {}): Promise<Block> {
  const { shipperId = 'a', sequence = 1 } = info;
  const raw = Buffer.from(text ?? numberedLines(shipperId, sequence * 10, 2));
  return {
    shipperId,
    epoch: EPOCH,
    sequence,
    receivedAtMs: RECEIVED_AT_MS,
    count: raw.toString().split('\n').length - 1,
    rawLength: raw.length,
    crc: crc32(raw),
    positions: {},
    ...info,
    body: await FORMATS[format].compress(raw, level),
  };
}

/** Blocks `from` to `to` of one shipper. */
export function makeBlocks(from: number, to: number, wishes: BlockWishes = {}): Promise<Block[]> {
  return Promise.all(
    Array.from({ length: to - from + 1 }, (_, index) => makeBlock({ ...wishes, sequence: from + index })),
  );
}

/** A block as it lies in a segment. */
export function memberBytes(block: Block, durableBytes = 0, format: FormatName = 'gzip'): Buffer {
  const { pieces, header, length } = encodeMember(FORMATS[format], block);
  sealHeader(header, length, durableBytes);
  return Buffer.concat(pieces);
}

export interface FoundBlock {
  readonly shipperId: string;
  readonly sequence: number;
  readonly segment: string;
  readonly offset: number;
  readonly endOffset: number;
  readonly text: string;
}

/** Every block of an archive, read and checked, in order. Throws where it is damaged. */
export async function blocksIn(folder: string): Promise<FoundBlock[]> {
  const found: FoundBlock[] = [];
  for (const segment of await listSegments(folder)) {
    for await (const { header, position, endOffset, read } of readBlocks(folder, segment)) {
      const { shipperId, sequence } = header;
      found.push({
        shipperId,
        sequence,
        segment: segment.name,
        offset: position.offset,
        endOffset,
        text: (await read()).toString(),
      });
    }
  }
  return found;
}

/** The sequences an archive holds of a shipper, in order. */
export async function sequencesIn(folder: string, shipperId = 'a'): Promise<number[]> {
  return (await blocksIn(folder))
    .filter((block) => block.shipperId === shipperId)
    .map(({ sequence }) => sequence);
}
