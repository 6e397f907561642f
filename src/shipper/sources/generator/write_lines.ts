/** `generate --out`: lines to standard output or a file, with no receiver. */
import { open, type FileHandle } from 'node:fs/promises';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Source } from '../../source.ts';
import { FORMATS, type FormatName } from './formats.ts';

/** Written at most at a time. */
const WRITE_BYTES = 64 * 1024;

const NEWLINE = 0x0a;

export interface LinesToWrite {
  readonly source: Source;
  /** What the source was told; the file's first line depends on it. */
  readonly format: FormatName;
  /** Ends the source. */
  readonly signal: AbortSignal;
}

/**
 * Writes to a stream, as fast as it is read, and answers how many lines there were; undefined where the reader had seen enough
 * and closed the pipe, which is no error.
 */
export async function writeToStream(lines: LinesToWrite, output: Writable): Promise<number | undefined> {
  const counted = { count: 0 };
  try {
    await pipeline(Readable.from(blocks(lines, true, counted)), output, { end: false });
    return counted.count;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return undefined;
    throw error;
  }
}

/**
 * Appends to a file, which is made where there is none, and answers how many lines there were. When a write fails (the disk is
 * full) the file is cut behind the last whole block, and the error thrown. Nobody else is to write to the file meanwhile.
 */
export async function appendToFile(lines: LinesToWrite, path: string): Promise<number> {
  const counted = { count: 0 };
  await using file = await open(path, 'a+');
  const size = await endLastLine(file);
  let whole = size;
  try {
    for await (const block of blocks(lines, size === 0, counted)) {
      await file.appendFile(block);
      whole += block.length;
    }
  } catch (error) {
    if ((await file.stat()).isFile()) await file.truncate(whole);
    throw error;
  }
  return counted.count;
}

/** The size of the file; a last line without an end, of a writer that was killed, is given one first. */
async function endLastLine(file: FileHandle): Promise<number> {
  const stats = await file.stat();
  if (!stats.isFile() || stats.size === 0) return 0;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, stats.size - 1);
  if (buffer[0] === NEWLINE) return stats.size;
  await file.appendFile('\n');
  return stats.size + 1;
}

async function* blocks(
  { source, format, signal }: LinesToWrite,
  isNew: boolean,
  counted: { count: number },
): AsyncGenerator<Buffer> {
  const { header } = FORMATS[format];
  if (isNew && header !== undefined) yield Buffer.from(`${header}\n`);
  for await (const { lines } of source.read({}, signal, WRITE_BYTES)) {
    counted.count += lines.count;
    yield lines.bytes;
  }
}
