import { closeSync, openSync, readSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { constants, gunzipSync } from 'node:zlib';
import { HEAD_BYTES } from './pipeline.ts';

/**
 * The whole lines a file begins with, unpacked where it is gzip; nothing for a source that is no file, or can't be read now. So a run that
 * goes on in the middle of a file knows its format and the header of CSV.
 */
export function sourceHead(sourceName: string): string {
  if (!isAbsolute(sourceName)) return '';
  try {
    const head = unpacked(firstBytes(sourceName));
    return head.toString('utf8', 0, head.lastIndexOf(0x0a) + 1);
  } catch {
    // Who ships the file will say what is wrong with it.
    return '';
  }
}

function firstBytes(path: string): Buffer {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(HEAD_BYTES);
    return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, 0));
  } finally {
    closeSync(file);
  }
}

function unpacked(bytes: Buffer): Buffer {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  return gunzipSync(bytes, {
    finishFlush: constants.Z_SYNC_FLUSH,
    maxOutputLength: HEAD_BYTES * 1024,
  }).subarray(0, HEAD_BYTES);
}
