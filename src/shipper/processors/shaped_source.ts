import type { ShaperOf } from '../shaper.ts';
import type { Source } from '../source.ts';

/** A source that makes its entries itself, and can't be read again: they go through a shaper. */
export function shapedSource(source: Source, shaperOf: ShaperOf): Source {
  return {
    ...source,
    async *read(from, signal, maxChunkBytes) {
      const shaper = shaperOf(source.name);
      for await (const { lines, positions } of source.read(from, signal, maxChunkBytes))
        for (const shaped of shaper.shape({ kind: 'lines', bytes: lines.bytes }, maxChunkBytes))
          yield { lines: shaped.lines, positions };
      for (const { lines } of shaper.flush(maxChunkBytes)) yield { lines, positions: {} };
    },
  };
}
