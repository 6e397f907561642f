/**
 * Each event's hash is SHA-256 over the hash before it and the event itself, so that none can be changed, removed or moved
 * unnoticed. What is hashed, all numbers big-endian:
 *
 *     hash before (32) │ position u64 │ timestamp i64 │ version u64 │ id, type, stream, payload: each u32 length, bytes
 *
 * An event of no stream has version 0 and a stream of length 0.
 */
import { hash } from 'node:crypto';
import type { StoredEvent } from './event.ts';

export const NO_HASH = Buffer.alloc(32);

const FIXED_BYTES = 32 + 3 * 8 + 4 * 4;

/** The hash of an event that follows one with the hash `before`. */
export function hashOf(before: Buffer, event: StoredEvent): Buffer {
  const texts = [event.id, event.type, event.stream ?? ''];
  const textBytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  const bytes = Buffer.allocUnsafe(FIXED_BYTES + textBytes + event.payload.length);
  before.copy(bytes, 0, 0, 32);
  bytes.writeBigUInt64BE(BigInt(event.position), 32);
  bytes.writeBigInt64BE(event.timestamp, 40);
  bytes.writeBigUInt64BE(BigInt(event.version ?? 0), 48);
  let at = 56;
  for (const text of texts) {
    const length = bytes.write(text, at + 4);
    bytes.writeUInt32BE(length, at);
    at += 4 + length;
  }
  bytes.writeUInt32BE(event.payload.length, at);
  event.payload.copy(bytes, at + 4);
  return hash('sha256', bytes, 'buffer');
}
