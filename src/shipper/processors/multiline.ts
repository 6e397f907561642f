/**
 * Puts lines together that are one entry: a stack trace, a pretty-printed object. Only the bytes are divided here, and what
 * may still grow is left over.
 */
import { joinsLines, type MultilineRules } from './rules.ts';

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;

/** Finds where the entries of a source end. */
export interface Joiner {
  /** The ends (behind the last newline) of all entries in whole lines that are surely complete; with each how many lines it has. */
  ends(bytes: Buffer): Iterable<Joined>;
}

export interface Joined {
  readonly end: number;
  readonly lines: number;
}

export function joinerOf(rules: MultilineRules): Joiner {
  return { ends: joinsLines(rules) ? (bytes) => joinedEnds(bytes, rules) : lineEnds };
}

function* lineEnds(bytes: Buffer): Generator<Joined> {
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(NEWLINE, start) + 1;
    yield { end, lines: 1 };
    start = end;
  }
}

/** A line that begins an entry ends the one before; so does one that would make it too long. */
function* joinedEnds(
  bytes: Buffer,
  { start: pattern, indent, maxLines, maxBytes }: MultilineRules,
): Generator<Joined> {
  const isStart = (start: number, end: number): boolean =>
    pattern === undefined ? false : pattern.test(lineText(bytes, start, end));
  const goesOn = (start: number, end: number): boolean => {
    if (isBlank(bytes, start, end)) return true;
    if (indent && (bytes[start] === SPACE || bytes[start] === TAB)) return true;
    return pattern !== undefined && !isStart(start, end);
  };
  let entryStart = 0;
  let lines = 0;
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(NEWLINE, start) + 1;
    const isFull = lines >= maxLines || end - entryStart > maxBytes;
    if (lines > 0 && (isFull || !goesOn(start, end - 1))) {
      yield { end: start, lines };
      entryStart = start;
      lines = 0;
    }
    lines += 1;
    start = end;
  }
}

function lineText(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('utf8', start, bytes[end - 1] === RETURN ? end - 1 : end);
}

function isBlank(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (![SPACE, TAB, RETURN].includes(bytes[at] ?? 0)) return false;
  return true;
}
