/** How the answer to a question of SQL is written. */
import { quoted } from '../../outputs/csv.ts';
import { QueryError } from '../../query/query_error.ts';
import { textTable } from '../table.ts';
import type { Result } from './duckdb.ts';
import { safeText } from './safe_text.ts';

type Write = (result: Result) => AsyncGenerator<string>;

/** A table is made when its widest text is known: of more rows only the first are shown. */
const MOST_TABLE_ROWS = 1000;

const FORMATS: Readonly<Record<string, Write>> = {
  async *json(result) {
    const names = result.deduplicatedColumnNames();
    for await (const rows of result.yieldRowsJs())
      for (const row of rows)
        yield `${JSON.stringify(Object.fromEntries(names.map((name, at) => [name, plain(row[at])])))}\n`;
  },
  async *csv(result) {
    yield csvLine(result.deduplicatedColumnNames());
    for await (const rows of result.yieldRowsJs()) for (const row of rows) yield csvLine(row.map(textOf));
  },
  async *text(result) {
    const shown: string[][] = [];
    let count = 0;
    for await (const rows of result.yieldRowsJs()) {
      count += rows.length;
      for (const row of rows.slice(0, MOST_TABLE_ROWS - shown.length))
        shown.push(row.map((value) => safeText(textOf(value))));
    }
    yield textTable([result.deduplicatedColumnNames().map(safeText), ...shown]);
    if (count > shown.length) yield `(${count - shown.length} rows more: --format json or csv has all)\n`;
  },
};

/** The format of this name; where none is asked for, a table for a terminal and else JSON. Throws QueryError for any other name. */
export function sqlFormat(name: string | undefined, isTerminal: boolean): Write {
  const chosen = name ?? (isTerminal ? 'text' : 'json');
  const write = Object.hasOwn(FORMATS, chosen) ? FORMATS[chosen] : undefined;
  if (write === undefined)
    throw new QueryError(
      `--format is ${JSON.stringify(chosen)}: expected ${Object.keys(FORMATS).join(', ')}`,
    );
  return write;
}

/** Whole numbers as far as JSON has them; of the rest the text. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
}

function textOf(value: unknown): string {
  const said = plain(value);
  if (said === null || said === undefined) return '';
  if (typeof said === 'string') return said;
  return said instanceof Date ? said.toISOString() : JSON.stringify(said);
}

const csvLine = (fields: readonly string[]): string => `${fields.map(quoted).join(',')}\r\n`;
