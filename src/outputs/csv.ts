/** CSV as RFC 4180 has it: CRLF behind each record, quotes where a field needs them, a header in each file. */
import { columnsOf } from './columns.ts';
import { fileOutput, type FileOutputOptions } from './file_output.ts';
import type { OutputPlan, Rows } from './output.ts';

/** The columns, in the order that stays. */
export const CSV_COLUMNS = [
  'time',
  'level',
  'service',
  'host',
  'message',
  'tags',
  'rest',
  'shipper',
] as const;

export interface CsvOptions extends Omit<FileOutputOptions, 'name' | 'head' | 'format'> {
  /** Put ' before what a spreadsheet would take for a formula. */
  readonly isDefused: boolean;
}

export function csvOutput({ isDefused, ...options }: CsvOptions): OutputPlan {
  const field = isDefused ? (text: string) => quoted(defused(text)) : quoted;
  const head = Buffer.from(`${CSV_COLUMNS.join(',')}\r\n`);
  return fileOutput({ ...options, name: 'csv', head, format: (rows) => Buffer.from(csvOf(rows, field)) });
}

/** The records of a block. */
export function csvOf(
  { header, rows }: { header: Pick<Rows['header'], 'receivedAtMs' | 'shipperId'>; rows: Rows['rows'] },
  field: (text: string) => string,
): string {
  let text = '';
  for (const row of rows) {
    const { timeMs, level, service, host, message, tags, rest, shipper } = columnsOf(row, header);
    const time = new Date(timeMs).toISOString();
    text += `${time},${field(level ?? '')},${field(service ?? '')},${field(host ?? '')},${field(message ?? '')},${tags === null ? '' : quoted(JSON.stringify(tags))},${quoted(rest)},${field(shipper)}\r\n`;
  }
  return text;
}

/** A field as RFC 4180 writes it. */
export function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A text that no spreadsheet takes for a formula: with ' before those that begin like one, in their wide forms too. */
export function defused(text: string): string {
  return /^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text;
}
