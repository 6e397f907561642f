/** What /proc says of a process that runs. */
import { readFile, readdir } from 'node:fs/promises';

/**
 * CPU seconds of all its threads so far, to the nanosecond: the first figure of `schedstat`. (The ones in `stat` are in
 * hundredths of a second: too coarse for a process that does nothing.) What ended threads used is not in it.
 */
export async function cpuSecondsOf(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`);
  const nanoseconds = await Promise.all(
    threads.map(async (thread) => {
      const text = await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8');
      return Number(text.split(' ')[0]);
    }),
  );
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e9;
}

/** Bytes of it that are in memory now. */
export async function residentBytesOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}
