/**
 * What stands before the struct of arguments.
 *
 *     binary   0x80 0x01 0x00, type u8, name (length i32, bytes), sequence id i32
 *     compact  0x82, type << 5 | version 1, sequence id varint, name (length varint, bytes)
 */
import type { CompactCursor } from './compact_cursor.ts';
import type { BinaryCursor } from './binary_cursor.ts';
import type { MessageHeader } from './message.ts';
import { ThriftError } from './thrift_error.ts';

/** The first byte of a message in these protocols. */
export const FIRST_BYTE = { binary: 0x80, compact: 0x82, json: 0x5b } as const;

const BINARY_VERSION = 0x8001;
const COMPACT_VERSION = 1;

/** Of `Service:method`. */
export const MAX_NAME_BYTES = 512;

/** Undefined where it is not whole before the cursor's end; else the cursor stands behind it. Throws ThriftError. */
export function binaryHeader(cursor: BinaryCursor): MessageHeader | undefined {
  const { bytes, at, end } = cursor;
  if (end - at < 8) return undefined;
  if (bytes.readUInt16BE(at) !== BINARY_VERSION)
    throw new ThriftError('bad_message', 'this version of the binary protocol is not known');
  cursor.at = at + 4;
  cursor.string();
  const name = nameAt(cursor);
  if (name === undefined || end - cursor.at < 4) return undefined;
  const sequenceId = bytes.readInt32BE(cursor.at);
  cursor.at += 4;
  return { name, type: bytes[at + 3] ?? 0, sequenceId };
}

/** As `binaryHeader`. */
export function compactHeader(cursor: CompactCursor): MessageHeader | undefined {
  const { bytes, at, end } = cursor;
  if (end - at < 4) return undefined;
  const second = bytes[at + 1] ?? 0;
  if ((second & 0x1f) !== COMPACT_VERSION)
    throw new ThriftError('bad_message', 'this version of the compact protocol is not known');
  cursor.at = at + 2;
  if (!cursor.skipVarying()) return undefined;
  const behind = cursor.at;
  cursor.at = at + 2;
  const sequenceId = cursor.varint32();
  cursor.at = behind;
  const name = cursor.string() ? nameAt(cursor) : undefined;
  return name === undefined ? undefined : { name, type: second >> 5, sequenceId };
}

function nameAt(cursor: BinaryCursor | CompactCursor): string | undefined {
  const { bytes, at, end, length } = cursor;
  if (length > MAX_NAME_BYTES)
    throw new ThriftError(
      'bad_message',
      `the name of a method has ${length} bytes: at most ${MAX_NAME_BYTES} are read`,
    );
  if (end - at < length) return undefined;
  cursor.at = at + length;
  return bytes.toString('utf8', at, at + length);
}
