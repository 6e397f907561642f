/** How entries that were found are written: as they are stored, as text for people, or as CSV. */
import { columnsOf } from '../../outputs/columns.ts';
import { CSV_COLUMNS, csvOf, quoted } from '../../outputs/csv.ts';
import type { Row } from '../../outputs/output.ts';
import { isEntry } from '../../outputs/rows.ts';
import type { FoundBlock } from '../../query/found.ts';
import { QueryError } from '../../query/query_error.ts';
import { safeText } from './safe_text.ts';

export interface QueryFormat {
  /** Written before the first entry. */
  readonly head: string;
  /** The entries of a block, ended by a newline each. */
  readonly write: (block: FoundBlock) => Iterable<Buffer | string>;
}

type Received = Pick<FoundBlock, 'shipperId' | 'receivedAtMs'>;

const NEWLINE = 0x0a;

/** Of a longer line a terminal is shown the beginning. */
const MOST_LETTERS = 8000;

const FORMATS: Readonly<Record<string, (isTerminal: boolean) => QueryFormat>> = {
  json: (isTerminal) => ({
    head: '',
    write: isTerminal ? (block) => linesOf(block).map(shown) : ({ lines }) => [lines],
  }),
  text: (isTerminal) => ({
    head: '',
    write: (block) => linesOf(block).map((line) => (isTerminal ? shown : safeLine)(textOf(line, block))),
  }),
  csv: (isTerminal) => ({
    head: `${CSV_COLUMNS.join(',')}\r\n`,
    write: (block) => linesOf(block).map((line) => csvLine(line, block, isTerminal)),
  }),
};

/** The format of this name; where none is asked for, text for a terminal and else JSON. Throws QueryError for any other name. */
export function queryFormat(name: string | undefined, isTerminal: boolean): QueryFormat {
  const chosen = name ?? (isTerminal ? 'text' : 'json');
  const format = Object.hasOwn(FORMATS, chosen) ? FORMATS[chosen] : undefined;
  if (format === undefined)
    throw new QueryError(
      `--format is ${JSON.stringify(chosen)}: expected ${Object.keys(FORMATS).join(', ')}`,
    );
  return format(isTerminal);
}

/** One after the other: a block may be many times as long as what is written of it at once. */
function linesOf({ lines }: FoundBlock): IteratorObject<string> {
  return each(lines);
}

function* each(lines: Buffer): Generator<string, undefined> {
  for (let start = 0; start < lines.length;) {
    const newline = lines.indexOf(NEWLINE, start);
    yield lines.toString('utf8', start, newline);
    start = newline + 1;
  }
}

function textOf(line: string, block: Received): string {
  const { timeMs, level, service, message, rest } = columnsOf(rowOf(line), received(block));
  const time = new Date(timeMs).toISOString();
  const parts = [time, (level ?? '-').padEnd(5), service, message, rest === '{}' ? null : rest];
  return parts.filter((part) => part !== null).join(' ');
}

function csvLine(line: string, block: Received, isTerminal: boolean): string {
  const record = csvOf({ header: received(block), rows: [rowOf(line)] }, quoted);
  return isTerminal ? `${shown(record.trimEnd()).trimEnd()}\r\n` : record;
}

const received = ({ shipperId, receivedAtMs }: Received): Received => ({ shipperId, receivedAtMs });

/** The line and what is in it; one that is no entry is its own message. */
function rowOf(line: string): Row {
  try {
    const entry: unknown = JSON.parse(line);
    if (isEntry(entry)) return { line, entry };
  } catch {
    // Of a stored line it is known that it is {…}, no more.
  }
  const entry = { message: line };
  return { line: JSON.stringify(entry), entry };
}

const safeLine = (text: string): string => `${safeText(text)}\n`;

function shown(line: string): string {
  if (line.length <= MOST_LETTERS) return safeLine(line);
  const cut = line.slice(0, MOST_LETTERS);
  return `${safeText(cut)}… (${line.length - MOST_LETTERS} letters more)\n`;
}
