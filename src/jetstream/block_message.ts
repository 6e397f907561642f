/**
 * A message of a shipper's subject. Most are a block: the payload is the very bytes that an archive holds of it. The others
 * are claims, without a payload: a receiver says with one that from here on it alone writes for this shipper.
 *
 *     Nats-Msg-Id        <shipper id>/<previous>: of two messages for one place in a shipper's line only one gets it
 *     Logferry-Previous  the stream sequence of the shipper's message before this one; 0 for the first
 *     Logferry-Claim     the run of the receiver that published it
 */
import { ArchiveError } from '../archive/archive_error.ts';
import { sealHeader, type Block, type BlockHeader } from '../archive/block.ts';
import { FORMATS, decodeHead, encodeMember, type SegmentFormat } from '../archive/format.ts';
import { tokenOf } from './names.ts';

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

export const CLAIM_HEADER = 'Logferry-Claim';
export const PREVIOUS_HEADER = 'Logferry-Previous';

/** True for a message without a block: readers of blocks go past it. */
export const isClaim = (payload: Uint8Array): boolean => payload.length === 0;

/** What NATS remembers a message by. */
export const messageIdOf = (shipperId: string, previous: number): string =>
  `${tokenOf(shipperId)}/${previous}`;

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
