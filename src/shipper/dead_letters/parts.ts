/** Letters longer than a batch may be are divided, so that each is stored, or rejected, as a whole. */
import { dirname, join } from 'node:path';
import { replaceLetter } from './file.ts';
import type { DeadLetter } from './list.ts';

const NEWLINE = 0x0a;

/** Divides a letter into letters of at most `maxBytes` (but for a single longer entry), which take its place. */
export async function divideLetter(
  letter: DeadLetter,
  entries: Buffer,
  maxBytes: number,
): Promise<DeadLetter[]> {
  const { shipper, epoch, sequence, code, reason } = letter;
  const parts = runsOf(entries, maxBytes).map((run, index) => {
    const name = `${letter.name}.${index + 1}`;
    return { name, path: join(dirname(letter.path), `${name}.ndjson`), entries: run, count: countLines(run) };
  });
  const because = { ...(code === undefined ? {} : { code }), ...(reason === undefined ? {} : { reason }) };
  await replaceLetter(
    letter.path,
    parts.map(({ path, entries, count }) => {
      return { path, entries, note: { shipper, epoch, sequence, count, ...because } };
    }),
  );
  return parts.map(({ name, path, count }) => ({ ...letter, name, path, entries: count }));
}

/** Lines in runs of at most `maxBytes`, but for a single longer line. */
export function runsOf(lines: Buffer, maxBytes: number): Buffer[] {
  const runs: Buffer[] = [];
  for (let start = 0; start < lines.length;) {
    const most = lines.subarray(start, start + maxBytes);
    const end = most.length < maxBytes ? most.length : most.lastIndexOf(NEWLINE) + 1;
    const length = end > 0 ? end : lines.indexOf(NEWLINE, start) + 1 - start;
    runs.push(lines.subarray(start, start + length));
    start += length;
  }
  return runs;
}

function countLines(lines: Buffer): number {
  let count = 0;
  for (let at = lines.indexOf(NEWLINE); at !== -1; at = lines.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}
