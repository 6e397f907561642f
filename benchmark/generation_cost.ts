/**
 * What making entries costs alone: the product's generator, read as the shipper reads it, and what it gives thrown away.
 * As a program, ENTRIES SEED, it says what that took.
 */
import { open } from 'node:fs/promises';
import type { Lines } from '../src/entry.ts';
import { generator } from '../src/shipper/sources/generator/generator.ts';

export interface GenerationCost {
  readonly entries: number;
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
}

const MAX_CHUNK_BYTES = 1024 * 1024;

/** Writes so many of the generator's entries to a file. */
export async function writeGenerated(
  path: string,
  entries: number,
  seed: number,
  signal: AbortSignal,
): Promise<void> {
  await using file = await open(path, 'w');
  for await (const { bytes } of generated(entries, seed, signal)) await file.write(bytes);
  signal.throwIfAborted();
}

async function* generated(count: number, seed: number, signal: AbortSignal): AsyncGenerator<Lines> {
  const source = generator({ rate: 0, runTimeMs: 0, seed, count, now: Date.now });
  for await (const { lines } of source.read({}, signal, MAX_CHUNK_BYTES)) yield lines;
}

async function costOf(count: number, seed: number): Promise<GenerationCost> {
  const startedMs = performance.now();
  const before = process.cpuUsage();
  let entries = 0;
  for await (const lines of generated(count, seed, new AbortController().signal)) entries += lines.count;
  const { user, system } = process.cpuUsage(before);
  const wallSeconds = (performance.now() - startedMs) / 1000;
  return { entries, cpuSeconds: (user + system) / 1e6, wallSeconds };
}

if (import.meta.main) {
  const [entries = 0, seed = 1] = process.argv.slice(2).map(Number);
  process.stdout.write(`${JSON.stringify(await costOf(entries, seed))}\n`);
}
