/** `pipe`: standard input, or any other stream of bytes that comes only once. */
import type { Readable } from 'node:stream';
import { LineCutter } from '../../base/lines.ts';
import type { EntriesOfCut } from '../entry_lines.ts';
import { asTheyAre, type ShaperOf } from '../shaper.ts';
import type { Chunk, Source } from '../source.ts';

export interface PipeOptions {
  readonly input: Readable;
  readonly maxLineBytes: number;
  readonly shaperOf?: ShaperOf;
}

/** The lines of a stream as a source. When told to stop it takes what the stream has given so far, and no more. */
export function pipe({ input, maxLineBytes, shaperOf = asTheyAre }: PipeOptions): Source {
  return {
    name: 'pipe',
    canReread: false,
    async *read(_from, signal, maxChunkBytes) {
      const stop = (): unknown => input.destroy();
      signal.addEventListener('abort', stop, { once: true });
      const cutter = new LineCutter(maxLineBytes);
      const shaper = shaperOf('pipe');
      try {
        for await (const bytes of input as AsyncIterable<Buffer>)
          for (const cut of cutter.push(bytes)) yield* chunksOf(shaper.shape(cut, maxChunkBytes));
      } catch (error) {
        if (!signal.aborted) throw error;
      } finally {
        signal.removeEventListener('abort', stop);
      }
      for (const cut of cutter.end()) yield* chunksOf(shaper.shape(cut, maxChunkBytes));
      yield* chunksOf(shaper.flush(maxChunkBytes));
    },
  };
}

function* chunksOf(entries: Iterable<EntriesOfCut>): Generator<Chunk> {
  for (const { lines } of entries) yield { lines, positions: {} };
}
