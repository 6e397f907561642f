/**
 * Every byte of a batch is looked at once before it is stored: it must inflate to exactly what its prefix says, be
 * UTF-8, and be that many lines `{…}`. What the shipper compressed in the archive's own kind goes in as it came.
 */
import { isUtf8 } from 'node:buffer';
import { crc32 } from 'node:zlib';
import type { TimeRange } from '../archive/block.ts';
import type { SegmentFormat } from '../archive/format.ts';
import { TimeRangeFinder } from '../archive/time_range.ts';
import type { Batch } from '../wire/batch.ts';
import { release } from '../base/large_buffers.ts';
import { decompress, inflateBits } from '../wire/codecs.ts';
import { unwrapDeflate } from '../wire/deflate.ts';
import { countEntries } from '../wire/ndjson.ts';
import { WireError } from '../wire/wire_error.ts';

export interface CheckOptions {
  readonly format: SegmentFormat;
  readonly maxBatchBytes: number;
  readonly maxEntryBytes?: number;
  /** For what has to be compressed here. */
  readonly level: number;
}

/** What is stored of a batch that checks out. */
export interface CheckedBatch {
  /** As the archive stores it. */
  readonly body: Buffer;
  /** What its entries say, where that is known of every one. */
  readonly times?: TimeRange;
}

/** What is stored of a batch. Throws WireError, with the code of what is wrong with it. */
export async function checkBatch(batch: Batch, options: CheckOptions): Promise<CheckedBatch> {
  const { sequence, rawLength } = batch;
  if (rawLength > options.maxBatchBytes) {
    throw new WireError(
      'batch_too_large',
      `batch ${sequence} holds ${rawLength} bytes; at most ${options.maxBatchBytes} are taken (MAX_BATCH_BYTES)`,
    );
  }
  const { raw, body } = await inflate(batch, options.format);
  try {
    const times = checkRaw(raw, batch, options.maxEntryBytes);
    const stored = body ?? (await options.format.compress(raw, options.level));
    return { body: stored, ...(times === undefined ? {} : { times }) };
  } finally {
    if (raw !== batch.body) release(raw);
  }
}

/** The times of the entries, on the way. */
function checkRaw(
  raw: Buffer,
  { sequence, rawLength, crc, count }: Batch,
  maxEntryBytes?: number,
): TimeRange | undefined {
  if (raw.length !== rawLength) {
    throw new WireError(
      'length_mismatch',
      `batch ${sequence} inflates to ${raw.length} bytes where it says ${rawLength}`,
    );
  }
  if (crc32(raw) !== crc)
    throw new WireError('crc_mismatch', `batch ${sequence} has another CRC-32 than it says`);
  if (!isUtf8(raw)) throw new WireError('not_utf8', `batch ${sequence} is not UTF-8`);
  const times = new TimeRangeFinder();
  const entries = countEntries(raw, maxEntryBytes, (start, end) => times.add(raw, start, end));
  if (entries !== count)
    throw new WireError(
      'count_mismatch',
      `batch ${sequence} holds ${entries} entries where it says ${count}`,
    );
  return times.range;
}

/** The raw bytes, and the body where it can be stored as it came. */
async function inflate(
  { algorithm, body, rawLength, sequence }: Batch,
  format: SegmentFormat,
): Promise<{ raw: Buffer; body?: Buffer }> {
  const bounds = { maxBytes: Math.max(1, rawLength), expectedBytes: rawLength };
  try {
    if ((algorithm === 'gzip' || algorithm === 'zlib') && format.name === 'gzip') {
      const bits = unwrapDeflate(algorithm, body);
      return { raw: await inflateBits(bits, bounds), body: bits };
    }
    const raw = await decompress(algorithm, body, bounds);
    return algorithm === format.name ? { raw, body } : { raw };
  } catch (error) {
    if (error instanceof WireError && error.code === 'batch_too_large') {
      throw new WireError(
        'length_mismatch',
        `batch ${sequence} holds more than the ${rawLength} bytes it says`,
        { cause: error },
      );
    }
    throw error;
  }
}
