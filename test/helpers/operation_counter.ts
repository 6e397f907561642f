/**
 * Loaded into a program (`node --import`), counts what it does: bytes allocated in V8's heap, and calls of read and write.
 * Both depend on the work and hardly on the machine or its load. At the exit they are written to the file COUNTS_TO.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { GCProfiler, getHeapStatistics } from 'node:v8';

export interface OperationCounts {
  readonly heapBytes: number;
  readonly calls: number;
}

const atStart = getHeapStatistics().used_heap_size;
const profiler = new GCProfiler();
profiler.start();

process.on('exit', () => {
  const path = process.env.COUNTS_TO;
  if (path !== undefined) writeFileSync(path, JSON.stringify({ heapBytes: heapBytes(), calls: calls() }));
});

/** What was in use before each collection and not after the one before it is new. */
function heapBytes(): number {
  const atEnd = getHeapStatistics().used_heap_size;
  let after = atStart;
  let allocated = 0;
  for (const { beforeGC, afterGC } of profiler.stop()?.statistics ?? []) {
    allocated += beforeGC.heapStatistics.usedHeapSize - after;
    after = afterGC.heapStatistics.usedHeapSize;
  }
  return allocated + atEnd - after;
}

/** Reads and writes of files, sockets and pipes, whatever their kind. */
function calls(): number {
  const text = readFileSync('/proc/self/io', 'utf8');
  const count = (name: string): number => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  return count('syscr') + count('syscw');
}
