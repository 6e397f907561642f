import { WireError } from './wire_error.ts';

/** Writes a non-negative safe integer as uint64 BE. */
export function writeUInt64(target: Buffer, value: number, offset: number): void {
  target.writeUInt32BE(Math.floor(value / 2 ** 32), offset);
  target.writeUInt32BE(value % 2 ** 32, offset + 4);
}

/** Reads a uint64 BE. Throws `bad_message` past 2^53 - 1: no counter of ours gets there, so the peer is wrong. */
export function readUInt64(source: Buffer, offset: number, what: string): number {
  const value = source.readUInt32BE(offset) * 2 ** 32 + source.readUInt32BE(offset + 4);
  if (!Number.isSafeInteger(value)) throw new WireError('bad_message', `${what} is larger than 2^53 - 1`);
  return value;
}
