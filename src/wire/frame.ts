/**
 * The frame: a 5-byte header and a payload.
 *
 *     0        1        2        3        4        5
 *     +--------+--------+--------+--------+--------+----------------
 *     |     payload length, uint32 BE     | flags  | payload …
 *     +--------+--------+--------+--------+--------+----------------
 *
 *     flags   bit 0     C     1 = compressed
 *             bits 1-2  algo  00 none · 01 gzip · 10 zlib · 11 zstd
 *             bits 3-7  type  0 = PLAIN, the original protocol
 *
 * A receiver of the original protocol reads bits 0-2 and ignores the rest, so every frame it may ever see
 * (PLAIN and HELLO) is a JSON array by bits 0-2 alone.
 */
import { WireError } from './wire_error.ts';

export const HEADER_BYTES = 5;

/** Frame types by name; docs/PROTOCOL.md describes each payload. */
export const FRAME = {
  PLAIN: 0,
  HELLO: 1,
  WELCOME: 2,
  OPEN: 3,
  READY: 4,
  BATCH: 5,
  ACK: 6,
  REJECT: 7,
  ERROR: 8,
  PING: 9,
  PONG: 10,
  BYE: 11,
  GAP: 12,
} as const;
export type FrameName = keyof typeof FRAME;
export type FrameType = (typeof FRAME)[FrameName];

const NAMES = Object.keys(FRAME) as FrameName[];

/** How a payload is compressed. The index is the two-bit code on the wire. */
export const ALGORITHMS = ['none', 'gzip', 'zlib', 'zstd'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

export interface Frame {
  readonly type: FrameName;
  /** `none` where bit 0 is clear, whatever bits 1-2 say: the original protocol looks at bit 0 first. */
  readonly algorithm: Algorithm;
  readonly payload: Buffer;
}

/** The five header bytes for a payload of `length` bytes. */
export function frameHeader(type: FrameName, algorithm: Algorithm, length: number): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  writeFrameHeader(header, type, algorithm, length);
  return header;
}

/** Writes the header at the start of `target`, for a caller that has more to put behind it. */
export function writeFrameHeader(
  target: Buffer,
  type: FrameName,
  algorithm: Algorithm,
  length: number,
): void {
  const code = ALGORITHMS.indexOf(algorithm);
  target.writeUInt32BE(length, 0);
  target.writeUInt8((FRAME[type] << 3) | (code << 1) | (code === 0 ? 0 : 1), 4);
}

/** A whole frame in one buffer, for the small ones. */
export function encodeFrame(
  type: FrameName,
  payload: Buffer = Buffer.alloc(0),
  algorithm: Algorithm = 'none',
): Buffer {
  return Buffer.concat([frameHeader(type, algorithm, payload.length), payload]);
}

/** Reads a flags byte. Throws `unknown_type` or `bad_algorithm`. */
export function decodeFlags(flags: number): Omit<Frame, 'payload'> {
  const type = NAMES[flags >> 3];
  if (type === undefined) {
    throw new WireError('unknown_type', `frame type ${flags >> 3} is not known (flags byte 0x${hex(flags)})`);
  }
  if ((flags & 1) === 0) return { type, algorithm: 'none' };
  const algorithm = ALGORITHMS[(flags >> 1) & 3];
  if (algorithm === undefined || algorithm === 'none') {
    throw new WireError('bad_algorithm', `flags byte 0x${hex(flags)} says compressed but names no algorithm`);
  }
  return { type, algorithm };
}

const hex = (byte: number): string => byte.toString(16).padStart(2, '0');
