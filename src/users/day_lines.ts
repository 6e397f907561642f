/** Reads the file of a user's day, which may be written meanwhile. */
import { LineCutter } from '../base/lines.ts';
import { openForReading } from './day_file.ts';

const READ_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** The lines between two offsets, at which lines begin, each without its newline. What was read is the caller's. */
export async function* linesBetween(
  path: string,
  from: number,
  to: number,
  signal?: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  const cutter = new LineCutter(Infinity);
  for await (const bytes of bytesBetween(path, from, to, signal))
    for (const cut of cutter.push(bytes)) yield* linesIn(cut.bytes);
  for (const cut of cutter.end()) yield* linesIn(cut.bytes);
}

/** How many lines there are between two offsets. */
export async function countLines(path: string, from: number, to: number): Promise<number> {
  let lines = 0;
  for await (const bytes of bytesBetween(path, from, to))
    for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) lines += 1;
  return lines;
}

async function* bytesBetween(
  path: string,
  from: number,
  to: number,
  signal?: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  await using file = await openForReading(path);
  if (file === undefined) return;
  for (let at = from; at < to;) {
    signal?.throwIfAborted();
    const length = Math.min(READ_BYTES, to - at);
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, at);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

function* linesIn(bytes: Buffer): Generator<Buffer, void, undefined> {
  for (let start = 0; start < bytes.length;) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline === -1 ? bytes.length : newline;
    if (end > start) yield bytes.subarray(start, end);
    start = end + 1;
  }
}
