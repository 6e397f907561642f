/**
 * Finds the lines of a block that are worth a look, by bytes that must stand in them: most of a block is searched at the
 * speed of memory, and most lines are never looked at.
 */
import type { Signs } from './signs.ts';

const NEWLINE = 0x0a;

/** Bytes that are made a text at a time, for an expression to look at. */
const PART_BYTES = 256 * 1024;

/** Told of a line: bytes `[start, end)` of the block, without the newline. With false there need be no more of them. */
export type OnLine = (start: number, end: number) => boolean;

/** Calls `onLine` in order, once each, for the lines of a block that may be wanted. */
export type LineFinder = (raw: Buffer, onLine: OnLine) => void;

/** The finder of lines with these signs; without any it finds every line. */
export function lineFinder(signs: Signs | undefined): LineFinder {
  if (signs === undefined) return everyLine;
  if (signs.text !== undefined) return linesWith(Buffer.from(signs.text));
  const expression = new RegExp(signs.sources.join('|'), signs.isCaseless ? 'gi' : 'g');
  return (raw, onLine) => linesMatching(expression, raw, onLine);
}

function everyLine(raw: Buffer, onLine: OnLine): void {
  for (let start = 0; start < raw.length;) {
    const end = lineEnd(raw, start);
    if (!onLine(start, end)) return;
    start = end + 1;
  }
}

function linesWith(text: Buffer): LineFinder {
  return (raw, onLine) => {
    for (let at = raw.indexOf(text); at !== -1;) {
      const end = lineEnd(raw, at);
      if (!onLine(lineStart(raw, at), end)) return;
      at = raw.indexOf(text, end + 1);
    }
  };
}

function linesMatching(expression: RegExp, raw: Buffer, onLine: OnLine): void {
  for (let from = 0; from < raw.length;) {
    const partEnd = lineEnd(raw, Math.min(from + PART_BYTES, raw.length - 1)) + 1;
    const text = raw.toString('latin1', from, partEnd);
    expression.lastIndex = 0;
    for (let match = expression.exec(text); match !== null; match = expression.exec(text)) {
      const at = from + match.index;
      const end = lineEnd(raw, at);
      if (!onLine(lineStart(raw, at), end)) return;
      expression.lastIndex = end + 1 - from;
    }
    from = partEnd;
  }
}

function lineEnd(raw: Buffer, at: number): number {
  const end = raw.indexOf(NEWLINE, at);
  return end === -1 ? raw.length : end;
}

/** A newline at `at` itself ends the line that is meant. */
const lineStart = (raw: Buffer, at: number): number => (at === 0 ? 0 : raw.lastIndexOf(NEWLINE, at - 1) + 1);
