import type { FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { factsOf, type Content, type FileFacts, type Packing } from './content.ts';

/** What is kept before the bytes asked for last: they are held against what was there before. */
const KEPT_BYTES = 64 * 1024;

const UNPACK = { gzip: createGunzip, zstd: createZstdDecompress } as const;

/**
 * A packed file, inflated as it is read: forward as a stream; who asks for what was passed makes it begin again. Holds the
 * bytes asked for last and little more. `readInto` rejects where the file is not (or not yet) whole.
 */
export class PackedContent implements Content {
  readonly packing: Packing;
  readonly isShort = false;
  readonly #file: FileHandle;
  #chunks: Buffer[] = [];
  /** Where `#chunks` begin and end in the inflated bytes. */
  #start = 0;
  #end = 0;
  #isAtEnd = false;
  #stream: { readonly chunks: AsyncIterator<Buffer, undefined>; stop(): void } | undefined;

  constructor(file: FileHandle, packing: Packing) {
    this.#file = file;
    this.packing = packing;
  }

  async readInto(buffer: Buffer, fill: number, position: number): Promise<number> {
    if (position < this.#start) this.#rewind();
    const wanted = position + buffer.length - fill;
    while (this.#end < wanted && !this.#isAtEnd) {
      await this.#pull();
      this.#forgetBefore(position - KEPT_BYTES);
    }
    let at = this.#start;
    for (const chunk of this.#chunks) {
      const from = Math.max(0, position - at);
      if (from < chunk.length) fill += chunk.copy(buffer, fill, from);
      at += chunk.length;
      if (fill === buffer.length) break;
    }
    return fill;
  }

  size(): Promise<number | undefined> {
    return Promise.resolve(this.#isAtEnd ? this.#end : undefined);
  }

  async facts(): Promise<FileFacts> {
    return factsOf(await this.#file.stat({ bigint: true }));
  }

  async close(): Promise<void> {
    this.#rewind();
    await this.#file.close();
  }

  async #pull(): Promise<void> {
    this.#stream ??= this.#begin();
    try {
      const { done, value } = await this.#stream.chunks.next();
      if (done === true) this.#isAtEnd = true;
      else {
        this.#chunks.push(value);
        this.#end += value.length;
      }
    } catch (error) {
      this.#rewind();
      throw error;
    }
  }

  #begin(): { chunks: AsyncIterator<Buffer, undefined>; stop(): void } {
    const packed = this.#file.createReadStream({ start: 0, autoClose: false });
    const unpacked = UNPACK[this.packing]();
    // What breaks it is told by the iterator.
    pipeline(packed, unpacked, () => undefined);
    const chunks = unpacked[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
    return { chunks, stop: () => void unpacked.destroy() };
  }

  #forgetBefore(position: number): void {
    for (let first = this.#chunks[0]; first !== undefined; first = this.#chunks[0]) {
      if (this.#start + first.length > position) return;
      this.#start += first.length;
      this.#chunks.shift();
    }
  }

  #rewind(): void {
    this.#stream?.stop();
    this.#stream = undefined;
    this.#chunks = [];
    this.#start = this.#end = 0;
    this.#isAtEnd = false;
  }
}
