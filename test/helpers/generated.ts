import { generator, type GeneratorOptions } from '../../src/shipper/sources/generator/generator.ts';
import { linesIn } from './chunks.ts';

export const NOW = Date.UTC(2026, 0, 31, 12);
export const GENERATOR: GeneratorOptions = { rate: 0, runTimeMs: 0, seed: 1, now: () => NOW };

/** The generator's first `count` lines. */
export async function generatedLines(
  count: number,
  options: Partial<GeneratorOptions> = {},
  maxChunkBytes = 2 ** 20,
): Promise<string[]> {
  const source = generator({ ...GENERATOR, count, ...options });
  const lines: string[] = [];
  for await (const chunk of source.read({}, new AbortController().signal, maxChunkBytes))
    lines.push(...linesIn([chunk]));
  return lines;
}

/** An entry as the generator makes it. */
export interface GeneratedEntry {
  readonly timestamp: string;
  readonly level: string;
  readonly service: string;
  readonly host: string;
  readonly message: string;
  readonly user_id: string;
  readonly session: string;
  readonly request_id: string;
  readonly ms: number;
  readonly n: number;
}

export const generatedRecords = async (
  count: number,
  options: Partial<GeneratorOptions> = {},
): Promise<GeneratedEntry[]> =>
  (await generatedLines(count, options)).map((line) => JSON.parse(line) as GeneratedEntry);
