/**
 * One trip through the thread pool for a whole input. The functions of node:zlib that take a callback make two (that there is
 * no more to come they say in a second call), copy the two pieces together, and leave the first buffer to the collector;
 * zstd works without a copy of its input only where it is told at once that this is all.
 */
import type { Gzip } from 'node:zlib';

/** A stream of node:zlib for one input, made with a `flush` that ends with what is written first. */
export type Engine = Pick<Gzip, 'on' | 'write' | 'read' | 'destroy' | 'destroyed' | 'bytesWritten'>;

export interface OnePass {
  /** Alone in its memory, which may be longer. */
  readonly output: Buffer;
  /** How much of the input was taken: less where bytes follow the end of what was inflated. */
  readonly inputBytes: number;
}

/** More came out than is allowed. */
export class OutputTooLarge extends Error {}

/** Puts all of `input` through `engine`. Rejects with the engine's error, or with OutputTooLarge past `maxBytes`. */
export function onePass(engine: Engine, input: Buffer, maxBytes = Infinity): Promise<OnePass> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    engine.on('error', reject);
    engine.on('data', (piece: Buffer) => {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes <= maxBytes) return;
      reject(new OutputTooLarge());
      engine.destroy();
    });
    engine.write(input, () => {
      if (engine.destroyed) return;
      // What the listener has not been shown yet it is shown now.
      while (engine.read() !== null);
      engine.destroy();
      const [only = Buffer.alloc(0)] = pieces;
      resolve({ output: pieces.length > 1 ? Buffer.concat(pieces) : only, inputBytes: engine.bytesWritten });
    });
  });
}
