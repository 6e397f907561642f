/** The lines of a block, each looked into: this is where the archive's bytes become entries again. */
import type { ReadBlock } from '../archive/follow.ts';
import type { Entry } from '../entry.ts';
import type { Row, Rows } from './output.ts';

const NEWLINE = 0x0a;

/** A line that is no JSON object. */
export interface Malformed {
  /** In its block, from 1. */
  readonly line: number;
  readonly reason: string;
  readonly text: string;
}

export interface ParsedLines {
  readonly rows: Rows;
  readonly malformed: readonly Malformed[];
}

/** What is parsed at a time: entries take many times the memory of their text, and die before the next are made. */
const PART_BYTES = 128 * 1024;

/** Parses a block, some lines at a time. */
export function* partsOf({ header, raw }: ReadBlock, partBytes = PART_BYTES): Generator<ParsedLines, void> {
  let line = 0;
  for (let start = 0; start < raw.length;) {
    const newline = raw.indexOf(NEWLINE, start + partBytes - 1);
    const end = newline === -1 ? raw.length : newline + 1;
    const part = rowsOf({ header, raw: raw.subarray(start, end) }, line);
    line += part.rows.rows.length + part.malformed.length;
    start = end;
    yield part;
  }
}

/** Parses all of these lines; so many are before them in their block. One that is no JSON takes no other with it. */
export function rowsOf({ header, raw }: Pick<ReadBlock, 'header' | 'raw'>, linesBefore = 0): ParsedLines {
  const text = raw.toString('utf8');
  const rows: Row[] = [];
  const malformed: Malformed[] = [];
  let number = linesBefore;
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    const line = text.slice(start, end);
    number += 1;
    const entry = parse(line);
    if (typeof entry === 'string') malformed.push({ line: number, reason: entry, text: line });
    else rows.push({ line, entry });
    start = end + 1;
  }
  const lines = malformed.length === 0 ? [raw] : rows.map(({ line }) => Buffer.from(`${line}\n`));
  return { rows: { header, rows, lines: rows.length === 0 ? [] : lines }, malformed };
}

/** The entry, or why it is none. */
function parse(line: string): Entry | string {
  try {
    const value: unknown = JSON.parse(line);
    return isEntry(value) ? value : 'not a JSON object';
  } catch (error) {
    return (error as Error).message;
  }
}

/** True for a JSON object. */
export const isEntry = (value: unknown): value is Entry =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
