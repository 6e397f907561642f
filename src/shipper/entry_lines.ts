/**
 * Lines of a file to entries. A line that is `{…}` in UTF-8 goes through as its bytes: nobody parses it. Blank lines are
 * dropped. Any other line becomes `{"message": …}`.
 */
import { isUtf8 } from 'node:buffer';
import { behindMark, type Cut } from '../base/lines.ts';
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

/** Entries, and how many bytes of the source they stand for. */
export interface EntriesOfCut {
  readonly lines: Lines;
  readonly sourceBytes: number;
}

/** The entries of a cut, in runs of at most `maxBytes` (but for a single longer entry). */
export function* entriesOf(cut: Cut, maxBytes: number): Generator<EntriesOfCut, void, undefined> {
  if (cut.kind === 'piece') {
    const sourceBytes = cut.bytes.length + (cut.isLast ? 1 : 0);
    yield { lines: pieceOfLine(cut.bytes, cut.part, cut.isLast), sourceBytes };
    return;
  }
  const lines = entryLines(cut.bytes);
  const half = lines.bytes.length <= maxBytes ? 0 : middleOf(cut.bytes);
  if (half === 0) {
    yield { lines, sourceBytes: cut.bytes.length };
    return;
  }
  yield* entriesOf({ kind: 'lines', bytes: cut.bytes.subarray(0, half) }, maxBytes);
  yield* entriesOf({ kind: 'lines', bytes: cut.bytes.subarray(half) }, maxBytes);
}

/** Where the line begins that is nearest the middle, or 0 where there is only one. */
function middleOf(lines: Buffer): number {
  const before = lines.lastIndexOf(NEWLINE, Math.floor(lines.length / 2)) + 1;
  if (before > 0 && before < lines.length) return before;
  const behind = lines.indexOf(NEWLINE) + 1;
  return behind < lines.length ? behind : 0;
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
  for (let next = 0; next < bytes.length;) {
    const start = behindMark(bytes, next);
    const end = bytes.indexOf(NEWLINE, start);
    const line = bytes.subarray(start, end);
    if (isBraced(bytes, start, end) && isUtf8(line)) lines.push(bytes.subarray(start, end + 1));
    else if (!isBlank(line)) lines.push(toLine(textOf(line.at(-1) === 0x0d ? line.subarray(0, -1) : line)));
    next = end + 1;
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
