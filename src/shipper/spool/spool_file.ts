/**
 * One file of the spool: `<epoch>_<first sequence>.spool`, records one behind the other. Each is a BATCH or a GAP frame
 * as it goes over the wire, under a checksum:
 *
 *     | CRC-32 of the frame u32 BE | frame: header (5 bytes), payload |
 */
import { open, readFile, rename, truncate, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { decodeBatch } from '../../wire/batch.ts';
import { HEADER_BYTES, decodeFlags } from '../../wire/frame.ts';
import { decodeGap } from '../../wire/messages.ts';
import type { Encoded } from '../encode.ts';

export const CRC_BYTES = 4;

/** Where a record lies, and what it stands for. */
export interface SpoolRecord {
  readonly sequence: number;
  readonly count: number;
  readonly offset: number;
  /** Bytes of the frame, without its checksum. */
  readonly length: number;
}

export interface SpoolFileName {
  readonly epoch: number;
  readonly first: number;
}

const PATTERN = /^(\d+)_(\d{16})\.spool$/;

export const spoolFileName = ({ epoch, first }: SpoolFileName): string =>
  `${epoch}_${String(first).padStart(16, '0')}.spool`;

/** The parts of a spool file's name, or undefined for any other file. */
export function parseSpoolFileName(name: string): SpoolFileName | undefined {
  const match = PATTERN.exec(name);
  return match === null ? undefined : { epoch: Number(match[1]), first: Number(match[2]) };
}

/** What a file holds, and what was wrong with it. */
export interface Scanned {
  readonly records: SpoolRecord[];
  readonly bytes: number;
  /** Set where the file ended inside a record (cut off) or held a damaged one (set aside). */
  readonly finding?: string;
}

/**
 * Reads a file of an earlier run. A torn tail is cut: it was never shipped from here. A file with a damaged record is set
 * aside as `.bad`, and the records before the damage are kept in its place.
 */
export async function scanSpoolFile(folder: string, name: string): Promise<Scanned> {
  const path = join(folder, name);
  const bytes = await readFile(path);
  const records: SpoolRecord[] = [];
  let at = 0;
  while (at < bytes.length) {
    const record = recordAt(bytes, at);
    if (typeof record === 'string') {
      const left = bytes.length - at;
      if (record === 'torn') {
        await truncate(path, at);
        return {
          records,
          bytes: at,
          finding: `${name}: cut a record of ${left} bytes that was not written whole`,
        };
      }
      await rename(path, `${path}.bad`);
      await rewrite(path, bytes.subarray(0, at));
      return {
        records,
        bytes: at,
        finding: `${name}: damaged at byte ${at} (${record}), ${left} bytes set aside in ${name}.bad`,
      };
    }
    records.push(record);
    at = record.offset + record.length;
  }
  return { records, bytes: at };
}

/** A record as a batch to send. */
export function decodeRecord(frame: Buffer): Encoded {
  const { type, algorithm } = decodeFlags(frame.readUInt8(4));
  const payload = frame.subarray(HEADER_BYTES);
  if (type === 'GAP') {
    const { to } = decodeGap(payload);
    return {
      mode: 'acked',
      isGap: true,
      sequence: to,
      count: 0,
      rawLength: 0,
      positions: {},
      algorithm: 'none',
      head: frame,
      body: Buffer.alloc(0),
    };
  }
  const { sequence, count, rawLength, positions, body } = decodeBatch(algorithm, payload);
  const head = frame.subarray(0, frame.length - body.length);
  return { mode: 'acked', sequence, count, rawLength, positions, algorithm, head, body };
}

/** Reads the frame of a record. */
export async function readRecord(file: FileHandle, { offset, length }: SpoolRecord): Promise<Encoded> {
  const frame = Buffer.allocUnsafeSlow(length);
  for (let fill = 0; fill < length;) {
    const { bytesRead } = await file.read(frame, fill, length - fill, offset + fill);
    if (bytesRead === 0) throw new Error('a spool file became shorter while it was in use');
    fill += bytesRead;
  }
  return decodeRecord(frame);
}

function recordAt(
  bytes: Buffer,
  at: number,
): SpoolRecord | 'torn' | 'a checksum does not match' | 'not a batch' {
  const offset = at + CRC_BYTES;
  if (offset + HEADER_BYTES > bytes.length) return 'torn';
  const length = HEADER_BYTES + bytes.readUInt32BE(offset);
  if (offset + length > bytes.length) return 'torn';
  const frame = bytes.subarray(offset, offset + length);
  if (crc32(frame) !== bytes.readUInt32BE(at)) return 'a checksum does not match';
  try {
    const { sequence, count } = decodeRecord(frame);
    return { sequence, count, offset, length };
  } catch {
    return 'not a batch';
  }
}

async function rewrite(path: string, bytes: Buffer): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  await file.writeFile(bytes);
  await file.sync();
}
