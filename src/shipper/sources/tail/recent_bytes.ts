import { LAST_BYTES } from './fingerprint.ts';

/** Bytes that were read, and where they end. */
export interface Recent {
  readonly bytes: Buffer;
  readonly end: number;
}

/** What is kept of the bytes read last: by them a copy is known that was made while they were written. */
const RECENT_BYTES = 16 * 1024;

/** The last bytes of what was read before and now: at least those from `keepFrom` on. */
export function recentAfter({ bytes, end }: Recent, read: Buffer, keepFrom = Infinity): Recent {
  const after = end + read.length;
  const wanted = Math.max(RECENT_BYTES, after - keepFrom);
  if (read.length >= wanted) return { bytes: Buffer.from(read.subarray(read.length - wanted)), end: after };
  const kept = bytes.subarray(Math.max(0, bytes.length + read.length - wanted));
  return { bytes: Buffer.concat([kept, read]), end: after };
}

/** Less of it: the bytes before its end that every place needs, and those from `keepFrom` on. */
export function shortened({ bytes, end }: Recent, keepFrom: number): Recent {
  const length = Math.min(bytes.length, Math.max(LAST_BYTES, end - keepFrom));
  return length === bytes.length ? { bytes, end } : { bytes: Buffer.from(bytes.subarray(-length)), end };
}

/** The bytes before a place, of `read` and what was read before it. */
export function bytesBefore(offset: number, { bytes, end }: Recent, read: Buffer): Buffer {
  const from = offset - Math.min(LAST_BYTES, offset);
  if (from >= end) return read.subarray(from - end, offset - end);
  const knownFrom = end - bytes.length;
  return Buffer.concat([bytes, read.subarray(0, LAST_BYTES)]).subarray(from - knownFrom, offset - knownFrom);
}
