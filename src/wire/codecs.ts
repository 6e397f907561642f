/**
 * The compression table. Everything goes through node:zlib, most of it on its thread pool.
 * Output is bounded while it inflates, so a bomb costs at most `maxBytes` of memory.
 */
import * as zlib from 'node:zlib';
import { lend, release } from '../base/large_buffers.ts';
import type { Algorithm } from './frame.ts';
import { OutputTooLarge, onePass, type Engine, type OnePass } from './one_pass.ts';
import { WireError } from './wire_error.ts';

/** Below this many raw bytes a call to the thread pool costs more than the work: inflating is three times as fast. */
const COMPRESS_SYNC_BELOW_BYTES = 16 * 1024;
const INFLATE_SYNC_BELOW_BYTES = 64 * 1024;

/** zlib grows its output by chunks of this size: room for the whole output in one is markedly faster than 16 KiB steps. */
const SPARE_OUTPUT_BYTES = 128;

interface Codec {
  /** Levels a user may ask for. */
  readonly levels: { readonly min: number; readonly max: number };
  readonly compress: (raw: Buffer, level: number) => Promise<Buffer>;
  readonly decompress: (bytes: Buffer, bounds: OutputBounds) => Promise<Buffer>;
}

export interface OutputBounds {
  /** Past this many bytes decompression stops with `batch_too_large`. */
  readonly maxBytes: number;
  /** The expected size, if known: only a hint for the first output buffer. */
  readonly expectedBytes?: number;
}

type ZlibOptions = zlib.ZlibOptions & zlib.ZstdOptions;
type Sync = (bytes: Buffer, options: ZlibOptions) => unknown;
type EngineFactory = (options: ZlibOptions) => Engine;

/** What zlib answers when asked for `info`: the engine knows how much of the input it took. */
interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

/**
 * Level 1 is for speed, and a window of 8 KiB with room for more symbols a block makes it a third faster for a
 * hundredth of the ratio (docs/PERFORMANCE.md). Any inflate reads it.
 */
const FASTEST = { level: 1, windowBits: 13, memLevel: 9 };

/** Half is plenty for logs; what does not compress so well is put together from two pieces. */
const deflateOptions = (level: number, rawLength: number): ZlibOptions => ({
  ...(level === 1 ? FASTEST : { level }),
  chunkSize: outputRoom(Math.ceil(rawLength / 2)),
  flush: zlib.constants.Z_FINISH,
});

/** The same thought for zstd: 256 KiB of window and a hash table that stays in the nearest cache are faster, and lose nothing on logs. */
const ZSTD_FASTEST = {
  [zlib.constants.ZSTD_c_compressionLevel]: 1,
  [zlib.constants.ZSTD_c_windowLog]: 18,
  [zlib.constants.ZSTD_c_hashLog]: 13,
};

/** With room for the worst case (ZSTD_compressBound) zstd compresses in one pass from where the bytes lie, without copying them. */
const zstdOptions = (level: number, rawLength: number): ZlibOptions => ({
  params: level === 1 ? ZSTD_FASTEST : { [zlib.constants.ZSTD_c_compressionLevel]: level },
  pledgedSrcSize: rawLength,
  flush: zlib.constants.ZSTD_e_end,
  chunkSize: outputRoom(rawLength + Math.ceil(rawLength / 256)),
});

const compressWith =
  (
    sync: Sync,
    engine: EngineFactory,
    optionsOf: (level: number, rawLength: number) => ZlibOptions,
  ): Codec['compress'] =>
  async (raw, level) => {
    const options = optionsOf(level, raw.length);
    if (raw.length < COMPRESS_SYNC_BELOW_BYTES) return sync(raw, options) as Buffer;
    const { output } = await onePass(engine(options), raw);
    return moved(output);
  };

/** In a lent buffer: the engine's own has room behind it, and what is compressed waits for its acknowledgement. */
function moved(output: Buffer): Buffer {
  const body = lend(output.length);
  output.copy(body);
  release(output);
  return body;
}

const decompressWith =
  (sync: Sync, engine: EngineFactory, flush: number = zlib.constants.Z_FINISH): Codec['decompress'] =>
  async (bytes, { maxBytes, expectedBytes = bytes.length * 4 }) => {
    const options = { chunkSize: outputRoom(Math.min(expectedBytes, maxBytes)) };
    let inflated: OnePass;
    try {
      inflated =
        maxBytes < INFLATE_SYNC_BELOW_BYTES
          ? inflateSync(sync, bytes, { ...options, maxOutputLength: maxBytes })
          : await onePass(engine({ ...options, flush }), bytes, maxBytes);
    } catch (cause) {
      throw inflateError(cause, maxBytes);
    }
    const left = bytes.length - inflated.inputBytes;
    if (left > 0)
      throw new WireError('does_not_inflate', `${left} bytes follow the end of a compressed payload`);
    return inflated.output;
  };

function inflateSync(sync: Sync, bytes: Buffer, options: ZlibOptions): OnePass {
  const { buffer, engine } = sync(bytes, { ...options, info: true }) as Inflated;
  return { output: buffer, inputBytes: engine.bytesWritten };
}

/** Names what zlib refused: past the bound, or not what it claimed to be. */
function inflateError(cause: unknown, maxBytes: number): WireError {
  if (cause instanceof OutputTooLarge || (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
    return new WireError('batch_too_large', `a payload inflates past ${maxBytes} bytes (MAX_BATCH_BYTES)`, {
      cause,
    });
  }
  return new WireError('does_not_inflate', `a payload does not inflate: ${(cause as Error).message}`, {
    cause,
  });
}

/** An output buffer in which `bytes` fit at once. */
const outputRoom = (bytes: number): number => Math.max(1024, bytes + SPARE_OUTPUT_BYTES);

const DEFLATE_LEVELS = { min: 1, max: 9 };

export const CODECS: Readonly<Record<Exclude<Algorithm, 'none'>, Codec>> = {
  gzip: {
    levels: DEFLATE_LEVELS,
    compress: compressWith(zlib.gzipSync, zlib.createGzip, deflateOptions),
    decompress: decompressWith(zlib.gunzipSync, zlib.createGunzip),
  },
  zlib: {
    levels: DEFLATE_LEVELS,
    compress: compressWith(zlib.deflateSync, zlib.createDeflate, deflateOptions),
    decompress: decompressWith(zlib.inflateSync, zlib.createInflate),
  },
  zstd: {
    levels: { min: 1, max: 19 },
    compress: compressWith(zlib.zstdCompressSync, zlib.createZstdCompress, zstdOptions),
    decompress: decompressWith(zlib.zstdDecompressSync, zlib.createZstdDecompress, zlib.constants.ZSTD_e_end),
  },
};

/** The payload as `algorithm` compresses it at `level`; a large one in a lent buffer (base/large_buffers.ts). */
export function compress(algorithm: Algorithm, raw: Buffer, level: number): Promise<Buffer> {
  return algorithm === 'none' ? Promise.resolve(raw) : CODECS[algorithm].compress(raw, level);
}

/** Inflates bare deflate bits (RFC 1951); for the rest like `decompress`. */
export const inflateBits = decompressWith(zlib.inflateRawSync, zlib.createInflateRaw);

/** Deflates to bare bits (RFC 1951). */
export const deflateBits = compressWith(zlib.deflateRawSync, zlib.createDeflateRaw, deflateOptions);

/**
 * The raw bytes of a payload. Throws WireError `does_not_inflate` (also for bytes after the end of the compressed
 * stream: they would be stored unread) or `batch_too_large`; never holds more than `maxBytes`.
 */
export async function decompress(algorithm: Algorithm, bytes: Buffer, bounds: OutputBounds): Promise<Buffer> {
  if (algorithm !== 'none') return CODECS[algorithm].decompress(bytes, bounds);
  if (bytes.length > bounds.maxBytes) {
    throw new WireError(
      'batch_too_large',
      `a payload is ${bytes.length} bytes long; at most ${bounds.maxBytes} are taken (MAX_BATCH_BYTES)`,
    );
  }
  return bytes;
}
