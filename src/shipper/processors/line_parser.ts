/** Lines of one source to fields, by the format that is configured or found. */
import { linesIn, formatOf } from './find_format.ts';
import { parseCombined, parseCommon } from './parse_access_log.ts';
import { cellsOf } from './parse_csv.ts';
import { parseLogfmt } from './parse_logfmt.ts';
import { parseSyslog } from './parse_syslog.ts';
import type { Format, ProcessorRules } from './rules.ts';
import type { Fields } from './text_draft.ts';

/** Why a line did not parse, as its `_error` says. */
export type Reason =
  | 'not_utf8'
  | 'not_json'
  | 'not_csv'
  | 'not_logfmt'
  | 'not_common'
  | 'not_combined'
  | 'not_syslog'
  | 'not_matched'
  | 'too_long';

export type Parsed = Fields | 'header' | Reason;

/** Of a longer text no format is asked for: it takes long, and it is none. */
const MAX_PARSED_CHARACTERS = 256 * 1024;

/** What a line of a format becomes. `none` and `json` are not parsed here: they are looked into where they lie. */
export interface LineParser {
  readonly format: Exclude<Format, 'auto'>;
  parse(text: string): Parsed;
}

/** The parser of a source. `head` is how it begins, where that is known: the first lines, whole or not. */
export function lineParser(rules: ProcessorRules, head: string): LineParser {
  const format =
    rules.parse === 'auto' ? formatOf(linesIn(head), rules.separator) : (rules.parse satisfies Format);
  return { format, parse: bounded(parserOf(format, rules, head)) };
}

const bounded =
  (parse: LineParser['parse']): LineParser['parse'] =>
  (text) =>
    text.length > MAX_PARSED_CHARACTERS ? 'too_long' : parse(text);

function parserOf(format: LineParser['format'], rules: ProcessorRules, head: string): LineParser['parse'] {
  switch (format) {
    case 'none':
    case 'json':
      return (text) => new Map([['message', text]]);
    case 'csv':
      return csvParser(rules, head);
    case 'logfmt':
      return (text) => parseLogfmt(text) ?? 'not_logfmt';
    case 'common':
      return (text) => parseCommon(text) ?? 'not_common';
    case 'combined':
      return (text) => parseCombined(text) ?? 'not_combined';
    case 'syslog':
      return (text) => parseSyslog(text) ?? 'not_syslog';
    case 'regex':
      return (text) => matched(rules.pattern?.groups(text)) ?? 'not_matched';
  }
}

const matched = (groups: [string, string][] | undefined): Fields | undefined =>
  groups === undefined ? undefined : new Map(groups);

/** The header is the first line of the source that is CSV at all; where it comes again it is no entry either. */
function csvParser({ columns, separator }: ProcessorRules, head: string): LineParser['parse'] {
  const isGiven = columns.length > 0;
  let names = isGiven ? columns : headerIn(head, separator);
  return (text) => {
    const cells = cellsOf(text, separator);
    if (cells === undefined) return 'not_csv';
    const isFirst = names === undefined;
    names ??= cells;
    if (isFirst || (!isGiven && isSame(cells, names))) return 'header';
    if (cells.length !== names.length) return 'not_csv';
    return new Map(names.map((name, index) => [name, cells[index] ?? '']));
  };
}

const isSame = (cells: readonly string[], names: readonly string[]): boolean =>
  cells.length === names.length && cells.every((cell, index) => cell === names[index]);

/** Undefined where the head is empty; no names at all where none of its lines is CSV. */
function headerIn(head: string, separator: string): readonly string[] | undefined {
  const lines = linesIn(head);
  const headers = lines.map((line) => cellsOf(line, separator) ?? []);
  return lines.length === 0 ? undefined : (headers.find((cells) => cells.length > 0) ?? []);
}
