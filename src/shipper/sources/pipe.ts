/** `pipe`: standard input, or any other stream of bytes that comes only once. */
import type { Readable } from 'node:stream';
import { LineCutter, type Cut } from '../../base/lines.ts';
import { entriesOf } from '../entry_lines.ts';
import type { Chunk, Source } from '../source.ts';

export interface PipeOptions {
  readonly input: Readable;
  readonly maxLineBytes: number;
}

/** The lines of a stream as a source. When told to stop it takes what the stream has given so far, and no more. */
export function pipe({ input, maxLineBytes }: PipeOptions): Source {
  return {
    name: 'pipe',
    canReread: false,
    async *read(_from, signal, maxChunkBytes) {
      const stop = (): unknown => input.destroy();
      signal.addEventListener('abort', stop, { once: true });
      const cutter = new LineCutter(maxLineBytes);
      try {
        for await (const bytes of input as AsyncIterable<Buffer>)
          for (const cut of cutter.push(bytes)) yield* chunksOf(cut, maxChunkBytes);
      } catch (error) {
        if (!signal.aborted) throw error;
      } finally {
        signal.removeEventListener('abort', stop);
      }
      for (const cut of cutter.end()) yield* chunksOf(cut, maxChunkBytes);
    },
  };
}

function* chunksOf(cut: Cut, maxBytes: number): Generator<Chunk> {
  for (const { lines } of entriesOf(cut, maxBytes)) yield { lines, positions: {} };
}
