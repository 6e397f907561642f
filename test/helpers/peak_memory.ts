import { readFile } from 'node:fs/promises';
import type { Program } from './programs.ts';

/** Where the system says how much memory a process ever held at once. */
export const tellsPeakMemory = process.platform === 'linux';

/** The most that a program has held in memory so far, in MiB. */
export async function peakMib({ child }: Program): Promise<number> {
  const status = await readFile(`/proc/${child.pid ?? 0}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}
