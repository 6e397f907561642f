import { generator } from '../src/shipper/sources/generator/generator.ts';

const NEWLINE = 0x0a;
const GENERATED_AT_MS = Date.UTC(2026, 0, 1);

/** `count` entries of the product's generator as NDJSON; the same seed makes the same bytes. */
export async function generatedEntries(count: number, seed: number): Promise<Buffer> {
  const source = generator({ rate: 0, runTimeMs: 0, seed, now: () => GENERATED_AT_MS });
  const chunks: Buffer[] = [];
  let entries = 0;
  for await (const { lines } of source.read({}, new AbortController().signal, 1024 * 1024)) {
    chunks.push(lines.bytes);
    entries += lines.count;
    if (entries >= count) break;
  }
  const bytes = Buffer.concat(chunks);
  return bytes.subarray(0, endOf(bytes, 0, count));
}

/** The entries in batches of `size`, the last one with what is left. Each is a view of `bytes`. */
export function inBatches(bytes: Buffer, size: number): Buffer[] {
  const batches: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = endOf(bytes, start, size);
    batches.push(bytes.subarray(start, end));
    start = end;
  }
  return batches;
}

/** Where `count` lines from `start` on end; the end of the bytes where there are fewer. */
function endOf(bytes: Buffer, start: number, count: number): number {
  let end = start;
  for (let line = 0; line < count && end < bytes.length; line += 1) end = bytes.indexOf(NEWLINE, end) + 1;
  return end;
}
