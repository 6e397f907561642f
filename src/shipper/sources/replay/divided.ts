import type { Lines } from '../../../entry.ts';

const NEWLINE = 0x0a;

/** Some of the lines, and how many of all are done with them. */
export interface PartOfLines extends Lines {
  readonly done: number;
}

/** Lines behind the first `skip`, in parts of at most `maxBytes` (but for a single longer line), as views of them. */
export function divided({ bytes, count }: Lines, skip: number, maxBytes: number): PartOfLines[] {
  const parts: PartOfLines[] = [];
  let partStart = 0;
  let partCount = 0;
  let start = 0;
  for (let line = 0; line < count; line += 1) {
    const end = bytes.indexOf(NEWLINE, start) + 1;
    if (partCount > 0 && end - partStart > maxBytes) {
      parts.push({ bytes: bytes.subarray(partStart, start), count: partCount, done: line });
      partCount = 0;
    }
    if (line < skip || partCount === 0) partStart = line < skip ? end : start;
    if (line >= skip) partCount += 1;
    start = end;
  }
  if (partCount > 0) parts.push({ bytes: bytes.subarray(partStart, start), count: partCount, done: count });
  return parts;
}
