import type { SourcePositions } from '../../src/entry.ts';
import type { Chunk, Source } from '../../src/shipper/source.ts';

/** All chunks of a source, from these positions to its end. */
export async function chunksOf(
  source: Source,
  from: SourcePositions = {},
  signal = new AbortController().signal,
  maxChunkBytes = 1024 * 1024,
): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  for await (const chunk of source.read(from, signal, maxChunkBytes)) chunks.push(chunk);
  return chunks;
}

/** The lines of chunks, in order. */
export const linesIn = (chunks: readonly Chunk[]): string[] =>
  chunks.flatMap(({ lines }) => lines.bytes.toString().split('\n').slice(0, -1));

/** Where a receiver that took all these chunks stands. */
export const positionsAfter = (chunks: readonly Chunk[], from: SourcePositions = {}): SourcePositions =>
  Object.assign({ ...from }, ...chunks.map(({ positions }) => positions)) as SourcePositions;
