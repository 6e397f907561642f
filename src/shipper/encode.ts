/** Batches to frames. Compression runs on the thread pool; several may be under way at once. */
import { crc32 } from 'node:zlib';
import type { SourcePositions } from '../entry.ts';
import { giveBack } from '../base/large_buffers.ts';
import { encodeBatchHead } from '../wire/batch.ts';
import { compress, decompress } from '../wire/codecs.ts';
import { frameHeader, type Algorithm } from '../wire/frame.ts';
import { decodePlain, encodePlain } from '../wire/plain.ts';
import type { Packed } from './source.ts';

/** How a receiver is spoken to: the original protocol, or the one that answers. */
export type Mode = 'plain' | 'acked';

/** A batch that has its number. */
export interface NumberedBatch {
  readonly sequence: number;
  readonly count: number;
  readonly raw: Buffer;
  readonly positions: SourcePositions;
  /** True where nothing else uses the memory of `raw`: once it is compressed it is given back. */
  readonly isOwned?: boolean;
  /** Set where `raw` is compressed. */
  readonly packed?: Packed;
}

/** A batch as it goes over the wire: a frame in two pieces. */
export interface Encoded {
  readonly mode: Mode;
  /** Set for a GAP, which stands for the batches from this number on that will never come, and holds nothing. */
  readonly gapFrom?: number;
  readonly sequence: number;
  readonly count: number;
  readonly rawLength: number;
  /** CRC-32 of the raw bytes, where it is known. */
  readonly crc?: number;
  readonly positions: SourcePositions;
  readonly algorithm: Algorithm;
  readonly head: Buffer;
  readonly body: Buffer;
  /** True where nothing else uses the memory of `body`: once the batch has settled it is given back. */
  readonly isOwned?: boolean;
}

export interface Compression {
  readonly algorithm: Algorithm;
  readonly level: number;
  /** Raw bytes below which compression is left out. */
  readonly bypassBelow: number;
  /** What the receiver takes, where it has said. */
  readonly taken?: readonly Algorithm[];
}

/** Encodes a batch for a receiver of this kind. */
export async function encodeBatch(
  batch: NumberedBatch,
  mode: Mode,
  compression: Compression,
): Promise<Encoded> {
  if (batch.packed !== undefined) return encodePacked(batch, batch.packed, mode, compression);
  const { sequence, count, positions } = batch;
  const raw = mode === 'plain' ? onlyJson(batch.raw) : batch.raw;
  const payload = mode === 'plain' ? encodePlain(raw) : raw;
  const algorithm = raw.length < compression.bypassBelow ? 'none' : compression.algorithm;
  const body = await compress(algorithm, payload, compression.level);
  const info = {
    sequence,
    count,
    rawLength: raw.length,
    crc: mode === 'plain' ? 0 : crcOf(raw, algorithm, body),
    positions,
  };
  const head =
    mode === 'plain'
      ? frameHeader('PLAIN', algorithm, body.length)
      : encodeBatchHead(info, algorithm, body.length);
  const crc = mode === 'plain' ? {} : { crc: info.crc };
  const isMoved = body.buffer !== batch.raw.buffer;
  if (isMoved && batch.isOwned === true) giveBack(batch.raw);
  const isOwned = isMoved || batch.isOwned === true;
  const { rawLength } = info;
  return { mode, sequence, count, rawLength, ...crc, positions, algorithm, head, body, isOwned };
}

/** What is compressed goes as it is, where the receiver takes that. */
async function encodePacked(
  { sequence, count, positions, raw: body }: NumberedBatch,
  { algorithm, rawLength, crc }: Packed,
  mode: Mode,
  compression: Compression,
): Promise<Encoded> {
  if (mode === 'acked' && compression.taken?.includes(algorithm) === true) {
    const head = encodeBatchHead({ sequence, count, rawLength, crc, positions }, algorithm, body.length);
    return { mode, sequence, count, rawLength, crc, positions, algorithm, head, body };
  }
  const bounds = { maxBytes: Math.max(1, rawLength), expectedBytes: rawLength };
  const raw = await decompress(algorithm, body, bounds);
  return encodeBatch({ sequence, count, positions, raw }, mode, compression);
}

/** gzip has computed it already: its trailer begins with it (RFC 1952, 2.3.1). */
function crcOf(raw: Buffer, algorithm: Algorithm, body: Buffer): number {
  return algorithm === 'gzip' ? body.readUInt32LE(body.length - 8) : crc32(raw);
}

/** The NDJSON a frame was made from. */
export async function rawOf({ mode, algorithm, body, rawLength }: Encoded): Promise<Buffer> {
  const payload = await decompress(algorithm, body, {
    maxBytes: rawLength * 2 + 64,
    expectedBytes: rawLength + 2,
  });
  return mode === 'plain' ? decodePlain(payload).entries.bytes : payload;
}

/**
 * The same batch for a receiver of another kind: it was upgraded or downgraded between two connections. The memory of the
 * first may be that of the second, so neither is given back.
 */
export async function encodeAgain(encoded: Encoded, mode: Mode, compression: Compression): Promise<Encoded> {
  return encodeBatch({ ...encoded, raw: await rawOf(encoded), isOwned: false }, mode, compression);
}

/** A plain receiver parses the whole array, so one line that only looks like JSON would cost it all the others. */
function onlyJson(raw: Buffer): Buffer {
  const lines = raw.toString('utf8').split('\n').slice(0, -1);
  if (lines.every(isJson)) return raw;
  return Buffer.from(
    lines
      .map((line) => `${isJson(line) ? line : JSON.stringify({ message: line, _error: 'not_json' })}\n`)
      .join(''),
  );
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
