/** A block as a message of the stream: the very bytes that an archive holds of it. */
import { ArchiveError } from '../archive/archive_error.ts';
import { sealHeader, type Block, type BlockHeader } from '../archive/block.ts';
import { FORMATS, decodeHead, encodeMember, type SegmentFormat } from '../archive/format.ts';

/** A block as it came from the stream. */
export interface ReceivedBlock {
  readonly format: SegmentFormat;
  readonly header: BlockHeader;
  /** As `Block.body`. */
  readonly body: Buffer;
}

/** The payload of its message. */
export function encodeBlock(format: SegmentFormat, block: Block): Buffer {
  const { pieces, header, length } = encodeMember(format, block);
  sealHeader(header, length, 0);
  return Buffer.concat(pieces, length);
}

/** What NATS remembers a block by. */
export const messageIdOf = ({ shipperId, epoch, sequence }: Block): string =>
  `${shipperId}/${epoch}/${sequence}`;

/** Reads a payload. The body is a part of it, not a copy, and not looked into. Throws ArchiveError `damaged`. */
export function decodeBlock(payload: Buffer): ReceivedBlock {
  const format = Object.values(FORMATS).find(({ magic }) => payload.subarray(0, magic.length).equals(magic));
  if (format === undefined) throw new ArchiveError('damaged', 'it is no block');
  const head = decodeHead(format, payload);
  if (head === undefined || head.header.memberLength !== payload.length)
    throw new ArchiveError('damaged', 'it is not as long as its header says');
  const { header, headBytes } = head;
  const trailer = format.trailer(header.crc, header.rawLength);
  const end = payload.length - trailer.length;
  if (end < headBytes || !payload.subarray(end).equals(trailer))
    throw new ArchiveError('damaged', 'its trailer is not that of its header');
  return { format, header, body: payload.subarray(headBytes, end) };
}
