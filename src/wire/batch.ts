/**
 * The payload of a BATCH frame: a fixed prefix, the source positions that moved, the body. Big-endian.
 *
 *     offset 0        8        12           16      20                 24                 24+P
 *     +--------+--------+----------+--------+------------------+------------------+-----------
 *     | sequence | count  | raw bytes | CRC-32 | positions length P | positions (JSON) | body …
 *     |  u64     |  u32   |   u32     |  u32   |        u32         |                  |
 *     +--------+--------+----------+--------+------------------+------------------+-----------
 *
 * The body is NDJSON: `count` lines `{…}\n`, `raw bytes` long before compression; CRC-32 (zlib's) is over those bytes.
 * The frame's flags say how the body is compressed; the prefix never is.
 */
import type { SourcePosition, SourcePositions } from '../entry.ts';
import { readUInt64, writeUInt64 } from './numbers.ts';
import { HEADER_BYTES, writeFrameHeader, type Algorithm } from './frame.ts';
import { WireError } from './wire_error.ts';

const PREFIX_BYTES = 24;

/** The positions of one batch in JSON, in bytes: they must fit a block header (docs/ARCHIVE.md) with room to spare. */
export const MAX_POSITIONS_BYTES = 60_000;

/** What a BATCH says of its body. */
export interface BatchInfo {
  /** The shipper's number for this batch, from 1, the same on every resend. */
  readonly sequence: number;
  readonly count: number;
  readonly rawLength: number;
  readonly crc: number;
  /** The source positions after this batch, those that moved; empty for a source that can't be read again. */
  readonly positions: SourcePositions;
}

export interface Batch extends BatchInfo {
  readonly algorithm: Algorithm;
  readonly body: Buffer;
}

/** Frame header, prefix and positions in one buffer; the body follows it on the wire as it is. */
export function encodeBatchHead(info: BatchInfo, algorithm: Algorithm, bodyLength: number): Buffer {
  const positions = Object.keys(info.positions).length === 0 ? '' : JSON.stringify(info.positions);
  const positionsLength = Buffer.byteLength(positions);
  const head = Buffer.allocUnsafe(HEADER_BYTES + PREFIX_BYTES + positionsLength);
  writeFrameHeader(head, 'BATCH', algorithm, PREFIX_BYTES + positionsLength + bodyLength);
  writeUInt64(head, info.sequence, HEADER_BYTES);
  head.writeUInt32BE(info.count, HEADER_BYTES + 8);
  head.writeUInt32BE(info.rawLength, HEADER_BYTES + 12);
  head.writeUInt32BE(info.crc, HEADER_BYTES + 16);
  head.writeUInt32BE(positionsLength, HEADER_BYTES + 20);
  head.write(positions, HEADER_BYTES + PREFIX_BYTES);
  return head;
}

/** Splits a BATCH payload. The body is a view, still compressed and unchecked. Throws WireError `bad_message`. */
export function decodeBatch(algorithm: Algorithm, payload: Buffer): Batch {
  if (payload.length < PREFIX_BYTES) {
    throw new WireError(
      'bad_message',
      `a BATCH of ${payload.length} bytes has no room for its ${PREFIX_BYTES}-byte prefix`,
    );
  }
  const sequence = readUInt64(payload, 0, 'a batch sequence');
  if (sequence === 0) throw new WireError('bad_message', 'a batch has sequence 0; they count from 1');
  const positionsLength = payload.readUInt32BE(20);
  const bodyAt = PREFIX_BYTES + positionsLength;
  if (positionsLength > MAX_POSITIONS_BYTES || bodyAt > payload.length) {
    throw new WireError(
      'bad_message',
      `batch ${sequence} says its source positions take ${positionsLength} bytes, of ${payload.length} in all and ${MAX_POSITIONS_BYTES} allowed`,
    );
  }
  return {
    sequence,
    count: payload.readUInt32BE(8),
    rawLength: payload.readUInt32BE(12),
    crc: payload.readUInt32BE(16),
    positions:
      positionsLength === 0
        ? {}
        : parsePositions(payload.subarray(PREFIX_BYTES, bodyAt), `batch ${sequence}`),
    algorithm,
    body: payload.subarray(bodyAt),
  };
}

function parsePositions(bytes: Buffer, what: string): SourcePositions {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new WireError('bad_message', `the source positions of ${what} are not JSON`, { cause });
  }
  return checkBlockPositions(value, what);
}

/** As `checkPositions`, for positions that go into one block header: printed again they must fit it. */
export function checkBlockPositions(value: unknown, what: string): SourcePositions {
  const positions = checkPositions(value, what);
  if (Buffer.byteLength(JSON.stringify(positions)) > MAX_POSITIONS_BYTES) {
    throw new WireError(
      'bad_message',
      `the source positions of ${what} take more than ${MAX_POSITIONS_BYTES} bytes as JSON`,
    );
  }
  return positions;
}

/** The value as source positions, or WireError `bad_message`. Names are kept as data: `__proto__` is a name like any other. */
export function checkPositions(value: unknown, what: string): SourcePositions {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new WireError('bad_message', `the source positions of ${what} are not an object`);
  }
  for (const [name, position] of Object.entries(value)) {
    if (!isPosition(position)) {
      throw new WireError(
        'bad_message',
        `the source position of ${JSON.stringify(name)} in ${what} is malformed`,
      );
    }
  }
  return value as SourcePositions;
}

function isPosition(value: unknown): value is SourcePosition {
  if (typeof value !== 'object' || value === null) return false;
  const position = value as Partial<Record<string, unknown>>;
  return Object.entries(MEMBERS).every(([name, isValid]) => isValid(position[name]));
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

const orNone =
  (isValid: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === undefined || isValid(value);
const isText = (value: unknown): boolean => typeof value === 'string';

/** What the members of a position may be; others are let through, as a later version may add some. */
const MEMBERS: Readonly<Record<keyof SourcePosition, (value: unknown) => boolean>> = {
  offset: isCount,
  head: isText,
  headBytes: isCount,
  part: orNone(isCount),
  inode: orNone(isText),
  path: orNone(isText),
  last: orNone(isText),
  packedBytes: orNone(isCount),
  isGone: orNone((value) => value === true),
};
