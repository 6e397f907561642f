import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { addAbortSignal, type Readable } from 'node:stream';
import { LineCutter, type Cut } from '../../base/lines.ts';

/** Lines that were read together. One that can't be text is undefined: too long, or not UTF-8. */
export interface InputLines {
  /** Its path, or `-` for standard input. */
  readonly file: string;
  /** Number of the first, from 1. */
  readonly first: number;
  readonly lines: readonly (string | undefined)[];
}

const READ_BYTES = 256 * 1024;

/** The lines of files one after the other, `-` being `stdin`, until `signal` aborts. Rejects where one can't be read. */
export async function* inputLines(
  paths: readonly string[],
  stdin: Readable,
  maxLineBytes: number,
  signal: AbortSignal,
): AsyncGenerator<InputLines, void, undefined> {
  for (const file of paths) {
    const stream = file === '-' ? stdin : createReadStream(file, { highWaterMark: READ_BYTES });
    addAbortSignal(signal, stream);
    const cutter = new LineCutter(maxLineBytes);
    let first = 1;
    const numbered = (cuts: Iterable<Cut>): InputLines => {
      const found = { file, first, lines: [...cuts].flatMap(linesOf) };
      first += found.lines.length;
      return found;
    };
    try {
      for await (const chunk of stream) yield numbered(cutter.push(chunk as Buffer));
    } catch (error) {
      if (!signal.aborted) throw error;
      return;
    }
    yield numbered(cutter.end());
  }
}

function linesOf(cut: Cut): (string | undefined)[] {
  if (cut.kind === 'piece') return cut.isLast ? [undefined] : [];
  const lines = cut.bytes.toString('utf8').split('\n').slice(0, -1);
  if (isUtf8(cut.bytes)) return lines;
  return eachOf(cut.bytes).map((bytes, index) => (isUtf8(bytes) ? lines[index] : undefined));
}

const NEWLINE = 0x0a;

function eachOf(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(NEWLINE, at);
    found.push(bytes.subarray(at, end));
    at = end + 1;
  }
  return found;
}
