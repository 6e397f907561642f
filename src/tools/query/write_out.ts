import type { Writable } from 'node:stream';

/** Small pieces are written together: a write takes longer than to make them. */
const TOGETHER = 64 * 1024;

/**
 * Writes pieces as they come, each once the one before is out, and settles when all are. Rejects with the stream's error; a
 * reader that has gone away is `EPIPE`. The stream is left open.
 */
export async function writeOut(pieces: AsyncIterable<Buffer | string>, output: Writable): Promise<void> {
  // What a write rejects with is emitted too, later.
  output.on('error', () => undefined);
  for await (const piece of pieces)
    await new Promise<void>((resolve, reject) => {
      output.write(piece, (error) => (error ? reject(error) : resolve()));
    });
}

/** The same pieces, texts joined as far as that is worth it. */
export function* together(pieces: Iterable<Buffer | string>): Generator<Buffer | string> {
  let text = '';
  for (const piece of pieces) {
    if (typeof piece === 'string') text += piece;
    else yield piece;
    if (text.length < TOGETHER) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}
