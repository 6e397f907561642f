/** What a process holds, by /proc: for tests that nothing grows. */
import { readdir, readFile } from 'node:fs/promises';

const PAGE_BYTES = 4096;

export interface Holding {
  readonly descriptors: number;
  readonly rssBytes: number;
}

/** What the process holds now. Throws where it is gone. */
export async function holdingOf(pid: number): Promise<Holding> {
  const [descriptors, statm] = await Promise.all([
    readdir(`/proc/${pid}/fd`),
    readFile(`/proc/${pid}/statm`, 'utf8'),
  ]);
  return { descriptors: descriptors.length, rssBytes: Number(statm.split(' ')[1]) * PAGE_BYTES };
}

/** The middle one of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
