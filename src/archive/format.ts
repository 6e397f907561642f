/**
 * How a block lies in a segment, so that any tool reads the segment as an ordinary file.
 *
 * gzip (RFC 1952), one member a block; the header is a subfield `LF` of the extra field:
 *
 *     1f 8b 08 04 | mtime(4) | 00 | ff | XLEN(2) | 'L' 'F' | header length(2) | header | deflate bits | CRC-32(4) | length(4)
 *
 * zstd (RFC 8878), a skippable frame and a frame a block:
 *
 *     50 2a 4d 18 | size(4) | 'L' 'F' | header | zstd frame
 */
import { crc32 } from 'node:zlib';
import { CODECS, deflateBits, inflateBits, type OutputBounds } from '../wire/codecs.ts';
import { ArchiveError } from './archive_error.ts';
import { decodeHeader, encodeHeader, type Block, type BlockHeader } from './block.ts';

export type FormatName = 'gzip' | 'zstd';

export interface SegmentFormat {
  readonly name: FormatName;
  /** What a segment's file name ends with. */
  readonly extension: string;
  /** Bytes before the block header; from them its length is read. */
  readonly leadBytes: number;
  /** What every block begins with: where to look for one behind damage. */
  readonly magic: Buffer;
  readonly lead: (headerLength: number, receivedAtMs: number) => Buffer;
  /** The length of the block header behind this lead, or undefined where it is not the lead of a block. */
  readonly headerLength: (lead: Buffer) => number | undefined;
  readonly trailer: (crc: number, rawLength: number) => Buffer;
  /** Raw NDJSON to the body of a block, at a level the format knows. */
  readonly compress: (raw: Buffer, level: number) => Promise<Buffer>;
  /** The body of a block to raw NDJSON. Throws WireError. */
  readonly inflate: (body: Buffer, bounds: OutputBounds) => Promise<Buffer>;
}

const MARK = Buffer.from('LF');
const GZIP_LEAD_BYTES = 16;
const ZSTD_LEAD_BYTES = 10;
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b, 8, 4]);
const SKIPPABLE_MAGIC = Buffer.from([0x50, 0x2a, 0x4d, 0x18]);

const GZIP: SegmentFormat = {
  name: 'gzip',
  extension: '.jsonl.gz',
  leadBytes: GZIP_LEAD_BYTES,
  magic: GZIP_MAGIC,
  lead(headerLength, receivedAtMs) {
    const lead = Buffer.alloc(GZIP_LEAD_BYTES);
    GZIP_MAGIC.copy(lead);
    lead.writeUInt32LE(Math.floor(receivedAtMs / 1000) % 2 ** 32, 4);
    lead[9] = 0xff;
    lead.writeUInt16LE(headerLength + 4, 10);
    MARK.copy(lead, 12);
    lead.writeUInt16LE(headerLength, 14);
    return lead;
  },
  headerLength(lead) {
    const length = lead.readUInt16LE(14);
    const isOurs =
      lead.subarray(0, 4).equals(GZIP_MAGIC) &&
      lead.subarray(12, 14).equals(MARK) &&
      lead.readUInt16LE(10) === length + 4;
    return isOurs ? length : undefined;
  },
  trailer(crc, rawLength) {
    const trailer = Buffer.allocUnsafe(8);
    trailer.writeUInt32LE(crc, 0);
    trailer.writeUInt32LE(rawLength, 4);
    return trailer;
  },
  compress: deflateBits,
  inflate: inflateBits,
};

const ZSTD: SegmentFormat = {
  name: 'zstd',
  extension: '.jsonl.zst',
  leadBytes: ZSTD_LEAD_BYTES,
  magic: SKIPPABLE_MAGIC,
  lead(headerLength) {
    const lead = Buffer.alloc(ZSTD_LEAD_BYTES);
    SKIPPABLE_MAGIC.copy(lead);
    lead.writeUInt32LE(headerLength + MARK.length, 4);
    MARK.copy(lead, 8);
    return lead;
  },
  headerLength(lead) {
    const length = lead.readUInt32LE(4) - MARK.length;
    const isOurs =
      lead.subarray(0, 4).equals(SKIPPABLE_MAGIC) && lead.subarray(8, 10).equals(MARK) && length <= 0xffff;
    return isOurs ? length : undefined;
  },
  trailer: () => Buffer.alloc(0),
  compress: CODECS.zstd.compress,
  inflate: CODECS.zstd.decompress,
};

export const FORMATS: Readonly<Record<FormatName, SegmentFormat>> = { gzip: GZIP, zstd: ZSTD };

/** A block as it lies in a segment, in pieces for one writev; `header` is the piece that `sealHeader` completes. */
export interface Member {
  readonly pieces: readonly Buffer[];
  readonly header: Buffer;
  readonly length: number;
}

export function encodeMember(format: SegmentFormat, block: Block): Member {
  const header = encodeHeader(block);
  const lead = format.lead(header.length, block.receivedAtMs);
  const trailer = format.trailer(block.crc, block.rawLength);
  return {
    pieces: [lead, header, block.body, trailer],
    header,
    length: lead.length + header.length + block.body.length + trailer.length,
  };
}

/** A header and how many bytes lie before the body. Throws `damaged`; undefined where `bytes` ends before the header does. */
export function decodeHead(
  format: SegmentFormat,
  bytes: Buffer,
): { header: BlockHeader; headBytes: number } | undefined {
  if (bytes.length < format.leadBytes) return undefined;
  const headerLength = format.headerLength(bytes.subarray(0, format.leadBytes));
  if (headerLength === undefined) throw new ArchiveError('damaged', 'no block begins here');
  const headBytes = format.leadBytes + headerLength;
  if (bytes.length < headBytes) return undefined;
  const header = decodeHeader(bytes.subarray(format.leadBytes, headBytes));
  if (header.memberLength < headBytes)
    throw new ArchiveError('damaged', 'a block says it is shorter than its header');
  return { header, headBytes };
}

/** The raw NDJSON of a stored body (trailer included), checked against its header. Throws ArchiveError `damaged`. */
export async function inflateBody(
  format: SegmentFormat,
  header: BlockHeader,
  stored: Buffer,
): Promise<Buffer> {
  const trailer = format.trailer(header.crc, header.rawLength);
  const body = stored.subarray(0, stored.length - trailer.length);
  let raw: Buffer;
  try {
    raw = await format.inflate(body, {
      maxBytes: Math.max(1, header.rawLength),
      expectedBytes: header.rawLength,
    });
  } catch (cause) {
    throw new ArchiveError('damaged', `its body does not inflate: ${(cause as Error).message}`, { cause });
  }
  if (raw.length !== header.rawLength)
    throw new ArchiveError('damaged', `its body is ${raw.length} bytes long, not ${header.rawLength}`);
  if (crc32(raw) !== header.crc)
    throw new ArchiveError('damaged', 'its body has another CRC-32 than its header says');
  if (!stored.subarray(body.length).equals(trailer))
    throw new ArchiveError('damaged', 'its trailer is not that of its body');
  return raw;
}
