/**
 * A block: one batch as stored, and its header. The header rides in gzip's extra field or in a zstd skippable frame
 * (format.ts); it is little-endian, as those are.
 *
 *     offset  size  field
 *          0     1  version, 1
 *          1     1  kind: 0 entries, 1 gap
 *          2     2  zero
 *          4     4  CRC-32 of the header without these four bytes
 *          8     4  member length: the whole of this block in the segment, wrapper included
 *         12     4  durable bytes: how much of this segment was known to be on disk when this block was written
 *         16     8  epoch
 *         24     8  sequence (of a gap: the last one missing)
 *         32     8  received at, milliseconds since 1970
 *         40     4  entry count
 *         44     4  raw length
 *         48     4  CRC-32 of the raw bytes
 *         52     1  length of the shipper id, then the id
 *          …     2  length of the details, then the details: JSON of "positions", "times", "gap", as there are, or nothing
 */
import { crc32 } from 'node:zlib';
import type { SourcePositions } from '../entry.ts';
import { ArchiveError } from './archive_error.ts';

const VERSION = 1;
const FIXED_BYTES = 53;
const KINDS = ['entries', 'gap'] as const;

/** Shippers that are part of the receiver (the encoder for plain peers) have ids that no peer can take. */
export const LOCAL_SHIPPER_PREFIX = '@';

/** Sequences that will never come, and why. */
export interface GapDetails {
  readonly from: number;
  readonly entries: number;
  readonly reason: string;
  /** Set where the receiver refused the batch for good: the code it gave. */
  readonly rejected?: string;
  /** Set where the sequences are in another archive of the same stream: they are no loss. */
  readonly elsewhere?: true;
  /** With `elsewhere`: the CRC-32 of the last of them, where it is known. */
  readonly crc?: number;
}

/** Milliseconds since 1970, both included. */
export interface TimeRange {
  readonly firstMs: number;
  readonly lastMs: number;
}

/** What the header of a block says, but for what the writer alone knows. */
export interface BlockInfo {
  readonly shipperId: string;
  readonly epoch: number;
  readonly sequence: number;
  readonly receivedAtMs: number;
  readonly count: number;
  readonly rawLength: number;
  readonly crc: number;
  /** The source positions that moved with this block. */
  readonly positions: SourcePositions;
  /** The times its entries say, from the earliest to the latest; left out where they are not known of every one. */
  readonly times?: TimeRange;
  /** Set where this block stands for sequences `gap.from` to `sequence`, which hold nothing. */
  readonly gap?: GapDetails;
}

/** A block to append: `body` is deflate bits (RFC 1951) for a gzip archive, a zstd frame for a zstd archive. */
export interface Block extends BlockInfo {
  readonly body: Buffer;
}

export interface BlockHeader extends BlockInfo {
  readonly memberLength: number;
  readonly durableBytes: number;
}

interface Details {
  positions?: SourcePositions;
  /** The first and the last. */
  times?: readonly [number, number];
  gap?: GapDetails;
}

/** The header's bytes, with the lengths still zero: `sealHeader` writes them. */
export function encodeHeader(info: BlockInfo): Buffer {
  const id = Buffer.from(info.shipperId);
  const details = Buffer.from(encodeDetails(info));
  const header = Buffer.alloc(FIXED_BYTES + id.length + 2 + details.length);
  header.writeUInt8(VERSION, 0);
  header.writeUInt8(info.gap === undefined ? 0 : 1, 1);
  header.writeBigUInt64LE(BigInt(info.epoch), 16);
  header.writeBigUInt64LE(BigInt(info.sequence), 24);
  header.writeBigUInt64LE(BigInt(info.receivedAtMs), 32);
  header.writeUInt32LE(info.count, 40);
  header.writeUInt32LE(info.rawLength, 44);
  header.writeUInt32LE(info.crc, 48);
  header.writeUInt8(id.length, 52);
  id.copy(header, FIXED_BYTES);
  header.writeUInt16LE(details.length, FIXED_BYTES + id.length);
  details.copy(header, FIXED_BYTES + id.length + 2);
  return header;
}

/** Writes what is known only when the block is written, and the header's own CRC. */
export function sealHeader(header: Buffer, memberLength: number, durableBytes: number): void {
  header.writeUInt32LE(memberLength, 8);
  header.writeUInt32LE(Math.min(durableBytes, 0xffffffff), 12);
  header.writeUInt32LE(checksum(header), 4);
}

/** Reads a header. Throws ArchiveError `damaged` where it is not whole: its CRC does not match. */
export function decodeHeader(header: Buffer): BlockHeader {
  const kind = header.length < FIXED_BYTES || header[0] !== VERSION ? undefined : KINDS[header.readUInt8(1)];
  if (kind === undefined || header.readUInt32LE(4) !== checksum(header)) {
    throw new ArchiveError('damaged', 'a block header is damaged');
  }
  const detailsAt = FIXED_BYTES + header.readUInt8(52);
  const details = decodeDetails(header.toString('utf8', detailsAt + 2));
  return {
    shipperId: header.toString('utf8', FIXED_BYTES, detailsAt),
    epoch: Number(header.readBigUInt64LE(16)),
    sequence: Number(header.readBigUInt64LE(24)),
    receivedAtMs: Number(header.readBigUInt64LE(32)),
    count: header.readUInt32LE(40),
    rawLength: header.readUInt32LE(44),
    crc: header.readUInt32LE(48),
    positions: details.positions ?? {},
    ...(details.times === undefined
      ? {}
      : { times: { firstMs: details.times[0], lastMs: details.times[1] } }),
    ...(details.gap === undefined ? {} : { gap: details.gap }),
    memberLength: header.readUInt32LE(8),
    durableBytes: header.readUInt32LE(12),
  };
}

const checksum = (header: Buffer): number => crc32(header.subarray(8), crc32(header.subarray(0, 4)));

function encodeDetails({ positions, times, gap }: BlockInfo): string {
  const details: Details = {
    ...(Object.keys(positions).length === 0 ? {} : { positions }),
    ...(times === undefined ? {} : { times: [times.firstMs, times.lastMs] as const }),
    ...(gap === undefined ? {} : { gap }),
  };
  return Object.keys(details).length === 0 ? '' : JSON.stringify(details);
}

const decodeDetails = (text: string): Details => (text === '' ? {} : (JSON.parse(text) as Details));
