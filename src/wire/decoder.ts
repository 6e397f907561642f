/**
 * Bytes in, frames out. Invariants:
 * - a length is checked against its limit before a byte is allocated for it;
 * - memory held for an unfinished frame is at most twice what has arrived (or sixteen times, up to `USUAL_FRAME_BYTES`; or
 *   `FIRST_PIECE_BYTES`), whatever the length claims;
 * - a payload that arrived in one chunk is a view of that chunk, not a copy.
 */
import { giveBack, lend } from '../base/large_buffers.ts';
import { HEADER_BYTES, decodeFlags, type Frame, type FrameName } from './frame.ts';
import { WireError } from './wire_error.ts';

const FIRST_PIECE_BYTES = 128 * 1024;

/** What a usual frame fits in: one whose first chunk is a large one gets so much at once, and is not moved again. */
const USUAL_FRAME_BYTES = 512 * 1024;

export interface DecoderLimits {
  readonly maxFrameBytes: number;
  /** For frames that carry no entries, which are read as JSON: that takes many times their length. No less than others where it is left out. */
  readonly maxMessageBytes?: number;
}

/** Decodes one direction of one connection. After it has thrown it must not be used again. */
export class FrameDecoder {
  #maxFrameBytes: number;
  readonly #maxMessageBytes: number;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerFill = 0;
  #payload: Buffer | undefined;
  #payloadFill = 0;

  constructor(limits: DecoderLimits) {
    this.#maxFrameBytes = limits.maxFrameBytes;
    this.#maxMessageBytes = limits.maxMessageBytes ?? Infinity;
  }

  /** From now on frames may be so long. */
  allow(maxFrameBytes: number): void {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** True while a frame has begun and not ended: an end of stream now cuts it. */
  get isMidFrame(): boolean {
    return this.#headerFill > 0;
  }

  /**
   * Yields each frame that `chunk` completes, in order. Throws WireError `frame_too_large`, `unknown_type` or
   * `bad_algorithm` at the header that is wrong; frames before it have been yielded.
   */
  *push(chunk: Buffer): Generator<Frame, void, undefined> {
    let at = 0;
    while (at < chunk.length) {
      at += this.#takeHeader(chunk, at);
      if (this.#headerFill < HEADER_BYTES) return;
      const length = this.#header.readUInt32BE(0);
      const kind = decodeFlags(this.#header.readUInt8(4));
      this.#checkLength(kind.type, length);
      const have = Math.min(chunk.length - at, length - this.#payloadFill);
      const whole = this.#takePayload(chunk.subarray(at, at + have), length);
      at += have;
      if (whole === undefined) return;
      this.#headerFill = 0;
      yield { ...kind, payload: whole };
    }
  }

  #checkLength(type: FrameName, length: number): void {
    const holdsEntries = type === 'BATCH' || type === 'PLAIN';
    const isMessage = !holdsEntries && this.#maxMessageBytes < this.#maxFrameBytes;
    const most = isMessage ? this.#maxMessageBytes : this.#maxFrameBytes;
    if (length <= most) return;
    throw new WireError(
      'frame_too_large',
      `a ${type} frame says it is ${length} bytes long; at most ${most} are taken${isMessage ? '' : ' (MAX_FRAME_BYTES)'}`,
    );
  }

  #takeHeader(chunk: Buffer, at: number): number {
    const taken = Math.min(HEADER_BYTES - this.#headerFill, chunk.length - at);
    chunk.copy(this.#header, this.#headerFill, at, at + taken);
    this.#headerFill += taken;
    return taken;
  }

  /** Adds a piece to the payload; the payload once it has `length` bytes. */
  #takePayload(piece: Buffer, length: number): Buffer | undefined {
    if (this.#payload === undefined && piece.length === length) return piece;
    const fill = this.#payloadFill + piece.length;
    this.#payload = withRoom(this.#payload, this.#payloadFill, fill, length);
    piece.copy(this.#payload, this.#payloadFill);
    this.#payloadFill = fill;
    if (fill < length) return undefined;
    const whole = this.#payload;
    this.#payload = undefined;
    this.#payloadFill = 0;
    return whole;
  }
}

/** `buffer` where it has room for `needed` bytes, else a larger one with its first `fill` bytes: growing as the invariant says, never past `length`. */
function withRoom(buffer: Buffer | undefined, fill: number, needed: number, length: number): Buffer {
  if (buffer !== undefined && needed <= buffer.length) return buffer;
  const usual = Math.min(USUAL_FRAME_BYTES, needed * 16);
  const size = Math.min(length, Math.max(FIRST_PIECE_BYTES, usual, needed * 2));
  const larger = lend(size);
  buffer?.copy(larger, 0, 0, fill);
  if (buffer !== undefined) giveBack(buffer);
  return larger;
}
