/**
 * Lines of a file to entries. A line that is `{…}` in UTF-8 goes through as its bytes: nobody parses it. Blank lines are
 * dropped. Any other line becomes `{"message": …}`.
 */
import { isUtf8 } from 'node:buffer';
import type { Lines } from '../entry.ts';
import { isBraced } from '../wire/ndjson.ts';

const NEWLINE = 0x0a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** `bytes`: whole lines, each ended by a newline. The answer is `bytes` itself where every line is an entry already. */
export function entryLines(bytes: Buffer): Lines {
  const count = isUtf8(bytes) ? countBraced(bytes) : undefined;
  return count === undefined ? rewritten(bytes) : { bytes, count };
}

/** A piece of a line longer than the limit. */
export function pieceOfLine(piece: Buffer, part: number, isLast: boolean): Lines {
  return { bytes: toLine({ ...textOf(piece), _part: part, _last: isLast }), count: 1 };
}

/** The number of lines, or undefined where one of them is not plainly `{…}`. */
function countBraced(bytes: Buffer): number | undefined {
  let count = 0;
  for (let start = 0; start < bytes.length; count += 1) {
    const end = bytes.indexOf(NEWLINE, start);
    if (bytes[start] !== OPEN_BRACE || (bytes[end - 1] !== CLOSE_BRACE && !isBraced(bytes, start, end)))
      return undefined;
    start = end + 1;
  }
  return count;
}

function rewritten(bytes: Buffer): Lines {
  const lines: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(NEWLINE, start);
    const line = bytes.subarray(start, end);
    if (isBraced(bytes, start, end) && isUtf8(line)) lines.push(bytes.subarray(start, end + 1));
    else if (!isBlank(line)) lines.push(toLine(textOf(line.at(-1) === 0x0d ? line.subarray(0, -1) : line)));
    start = end + 1;
  }
  return { bytes: Buffer.concat(lines), count: lines.length };
}

/** The line as text. Where it is not UTF-8 the text can't hold it, and its bytes come along. */
function textOf(line: Buffer): Record<string, unknown> {
  const message = line.toString('utf8');
  return isUtf8(line) ? { message } : { message, _error: 'not_utf8', _base64: line.toString('base64') };
}

const toLine = (entry: Record<string, unknown>): Buffer => Buffer.from(`${JSON.stringify(entry)}\n`);

const isBlank = (line: Buffer): boolean =>
  line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
