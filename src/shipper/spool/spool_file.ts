/**
 * One file of the spool: `<epoch>_<first sequence>.spool`, records one behind the other. Each is a BATCH or a GAP frame
 * as it goes over the wire, under two checksums:
 *
 *     offset 0                   4                  8                    13
 *     +--------------------------+------------------+--------------------+-----------
 *     | CRC-32 of frame header   | CRC-32 of frame  | frame header (5)   | payload …
 *     |  u32 BE                  |  u32 BE          | length u32, flags  |
 *     +--------------------------+------------------+--------------------+-----------
 *
 * The first checksum makes the length one to rely on: a record that ends behind the end of the file was not written
 * whole, any other that does not check out is damage, and the records behind it are still found.
 */
import { open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { decodeBatch } from '../../wire/batch.ts';
import { HEADER_BYTES, decodeFlags } from '../../wire/frame.ts';
import { decodeGap, encodeGap, type Gap } from '../../wire/messages.ts';
import type { Encoded } from '../encode.ts';

export const RECORD_HEAD_BYTES = 8;

/** Where a record lies, and what it stands for. */
export interface SpoolRecord {
  /** The numbers it stands for: one for a batch, any for a GAP. */
  readonly from: number;
  readonly sequence: number;
  /** Entries in it. */
  readonly count: number;
  /** Entries it declares lost. */
  readonly lost: number;
  /** Where its frame begins. */
  readonly offset: number;
  /** Bytes of the frame. */
  readonly length: number;
}

/** One file of the queue. */
export interface SpoolFile {
  readonly epoch: number;
  /** The first number it holds. */
  readonly first: number;
  readonly path: string;
  records: SpoolRecord[];
  bytes: number;
  /** How many of its records were given out for delivery. */
  given: number;
  /** `held`: a record of it was asked for, so it has to stay as it is. `dropping`: it is being replaced by a GAP. */
  state: 'free' | 'held' | 'dropping';
}

export const entriesIn = ({ records }: Pick<SpoolFile, 'records'>): number =>
  records.reduce((sum, { count }) => sum + count, 0);

export interface SpoolFileName {
  readonly epoch: number;
  readonly first: number;
}

const PATTERN = /^(\d{1,15})_(\d{16})\.spool$/;

export const spoolFileName = ({ epoch, first }: SpoolFileName): string =>
  `${epoch}_${String(first).padStart(16, '0')}.spool`;

/** The parts of a spool file's name, or undefined for any other file. */
export function parseSpoolFileName(name: string): SpoolFileName | undefined {
  const match = PATTERN.exec(name);
  const parts = { epoch: Number(match?.[1]), first: Number(match?.[2]) };
  return Number.isSafeInteger(parts.first) && parts.first > 0 ? parts : undefined;
}

export const recordBytes = ({ head, body }: Pick<Encoded, 'head' | 'body'>): number =>
  RECORD_HEAD_BYTES + head.length + body.length;

/** The record of a batch, for a file of which `at` bytes are written. */
export function encodeRecord(batch: Encoded, at: number): { bytes: Buffer; record: SpoolRecord } {
  const bytes = Buffer.concat([Buffer.alloc(RECORD_HEAD_BYTES), batch.head, batch.body]);
  const frame = bytes.subarray(RECORD_HEAD_BYTES);
  bytes.writeUInt32BE(crc32(frame.subarray(0, HEADER_BYTES)), 0);
  bytes.writeUInt32BE(crc32(frame), 4);
  return { bytes, record: recordOf(frame, at + RECORD_HEAD_BYTES) };
}

/** A GAP as a batch to send. */
export const gapBatch = (gap: Gap): Encoded => decodeFrame(encodeGap(gap));

/** What is at `at`: a record; `torn`, where the file ends in the middle of it; or damage, and where the next begins if that is known. */
export type Found =
  { readonly record: SpoolRecord } | 'torn' | { readonly problem: string; readonly next?: number };

export function recordAt(bytes: Buffer, at: number): Found {
  const offset = at + RECORD_HEAD_BYTES;
  if (offset + HEADER_BYTES > bytes.length) return 'torn';
  if (crc32(bytes.subarray(offset, offset + HEADER_BYTES)) !== bytes.readUInt32BE(at))
    return { problem: 'the checksum of a header does not match' };
  const next = offset + HEADER_BYTES + bytes.readUInt32BE(offset);
  if (next > bytes.length) return 'torn';
  const frame = bytes.subarray(offset, next);
  if (crc32(frame) !== bytes.readUInt32BE(at + 4)) return { problem: 'a checksum does not match', next };
  try {
    return { record: recordOf(frame, offset) };
  } catch {
    return { problem: 'neither a batch nor a gap', next };
  }
}

/** Reads the frame of a record. */
export async function readRecord(path: string, { offset, length }: SpoolRecord): Promise<Encoded> {
  await using file = await open(path, 'r');
  const frame = Buffer.allocUnsafeSlow(length);
  for (let fill = 0; fill < length;) {
    const { bytesRead } = await file.read(frame, fill, length - fill, offset + fill);
    if (bytesRead === 0) throw new Error('a spool file became shorter while it was in use');
    fill += bytesRead;
  }
  return decodeFrame(frame);
}

function recordOf(frame: Buffer, offset: number): SpoolRecord {
  const { type, algorithm } = decodeFlags(frame.readUInt8(4));
  const payload = frame.subarray(HEADER_BYTES);
  const place = { offset, length: frame.length };
  if (type === 'GAP') {
    const { from, to, entries } = decodeGap(payload);
    return { from, sequence: to, count: 0, lost: entries, ...place };
  }
  if (type !== 'BATCH') throw new Error(`a spool holds no ${type} frames`);
  const { sequence, count } = decodeBatch(algorithm, payload);
  return { from: sequence, sequence, count, lost: 0, ...place };
}

function decodeFrame(frame: Buffer): Encoded {
  const { type, algorithm } = decodeFlags(frame.readUInt8(4));
  const payload = frame.subarray(HEADER_BYTES);
  if (type === 'GAP') {
    const nothing = {
      count: 0,
      rawLength: 0,
      positions: {},
      algorithm: 'none',
      body: Buffer.alloc(0),
    } as const;
    const { from: gapFrom, to: sequence } = decodeGap(payload);
    return { mode: 'acked', gapFrom, sequence, head: frame, ...nothing };
  }
  const { sequence, count, rawLength, crc, positions, body } = decodeBatch(algorithm, payload);
  const head = frame.subarray(0, frame.length - body.length);
  return { mode: 'acked', sequence, count, rawLength, crc, positions, algorithm, head, body };
}
