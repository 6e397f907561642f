/** Plain text, a line an entry, by a template: `{time} {level} {message} {.user.id}`. */
import type { Entry } from '../entry.ts';
import { columnsOf, type Columns } from './columns.ts';
import { fileOutput, type FileOutputOptions } from './file_output.ts';
import type { OutputPlan, Row, Rows } from './output.ts';

type Part = (columns: Columns, row: Row) => string;

/** What a name in braces stands for. */
const PARTS: Readonly<Record<string, Part>> = {
  time: ({ timeMs }) => new Date(timeMs).toISOString(),
  level: ({ level }) => level ?? '-',
  service: ({ service }) => service ?? '-',
  host: ({ host }) => host ?? '-',
  message: ({ message }) => message ?? '-',
  tags: ({ tags }) => (tags === null || tags.length === 0 ? '-' : tags.join(',')),
  rest: ({ rest }) => rest,
  shipper: ({ shipper }) => shipper,
  entry: (_columns, { line }) => line,
};

export interface TextOptions extends Omit<FileOutputOptions, 'name' | 'head' | 'format'> {
  readonly template: string;
}

export function textOutput({ template, ...options }: TextOptions): OutputPlan {
  const write = textTemplate(template);
  return fileOutput({ ...options, name: 'text', format: (rows) => Buffer.from(write(rows)) });
}

/** What writes entries by a template. Throws Error where a name in it is not known. */
export function textTemplate(template: string): (rows: Rows) => string {
  const parts = [...template.matchAll(/\{([^{}]*)\}|[^{}]+|[{}]/g)].map(([text, name]) =>
    name === undefined ? (): string => text : partOf(name),
  );
  return ({ header, rows }) => {
    let text = '';
    for (const row of rows) {
      const columns = columnsOf(row, header);
      let line = '';
      for (const part of parts) line += part(columns, row);
      text += `${oneLine(line)}\n`;
    }
    return text;
  };
}

function partOf(name: string): Part {
  if (name.startsWith('.')) {
    const path = name.slice(1).split('.');
    return (_columns, { entry }) => shown(memberAt(entry, path));
  }
  const part = Object.hasOwn(PARTS, name) ? PARTS[name] : undefined;
  if (part === undefined)
    throw new Error(
      `the template has {${name}}: expected ${Object.keys(PARTS).join(', ')}, or the name of a member behind a dot, such as {.user_id}`,
    );
  return part;
}

function memberAt(entry: Entry, path: readonly string[]): unknown {
  let value: unknown = entry;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Entry)[name];
  }
  return value;
}

function shown(value: unknown): string {
  if (value === undefined) return '-';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What would end the line, or talk to a terminal. */
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029]/g;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r' };

/** A text as one line that is safe to print: control characters are written as escapes. */
const oneLine = (text: string): string =>
  text.replace(
    CONTROL,
    (character) => SHORT[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
