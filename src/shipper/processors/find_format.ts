/**
 * `auto`: the format of a source is found in its first lines, once, and kept. It is the first of JSON, combined and common
 * log format, syslog, CSV and logfmt that more than half of them fit; where none is, lines are text.
 */
import { isJsonObject } from './json_members.ts';
import { parseCombined, parseCommon } from './parse_access_log.ts';
import { cellsOf, isHeader } from './parse_csv.ts';
import { parseLogfmt } from './parse_logfmt.ts';
import { parseSyslog } from './parse_syslog.ts';
import type { Format } from './rules.ts';

type Found = Exclude<Format, 'auto' | 'regex'>;

/** Lines that decide, blank ones left out. */
const LINES = 10;

/** No longer line is tried. */
const MAX_CHARACTERS = 64 * 1024;

/** The first lines of a text that are not blank; one that is cut off by its end is left out, unless it is the only one. */
export function linesIn(head: string): string[] {
  const end = head.lastIndexOf('\n');
  const text = (end === -1 ? head : head.slice(0, end)).replace(/^\uFEFF/, '');
  const lines = text.split('\n', LINES * 10);
  return lines
    .map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
    .filter((line) => line.trim() !== '')
    .slice(0, LINES);
}

/** The format of a source that begins with these lines. */
export function formatOf(lines: readonly string[], separator: string): Found {
  const tried = lines.filter((line) => line.length <= MAX_CHARACTERS);
  const fits: readonly [Found, number][] = [
    ['json', count(tried, (line) => isJsonObject(Buffer.from(line)))],
    ['combined', count(tried, (line) => parseCombined(line) !== undefined)],
    ['common', count(tried, (line) => parseCommon(line) !== undefined)],
    ['syslog', count(tried, (line) => parseSyslog(line) !== undefined)],
    ['csv', csvLines(tried, separator)],
    ['logfmt', count(tried, isMostlyPairs)],
  ];
  return fits.find(([, number]) => number * 2 > lines.length)?.[0] ?? 'none';
}

const count = (lines: readonly string[], isFit: (line: string) => boolean): number =>
  lines.filter(isFit).length;

/** Lines with as many cells as the first, which must be a header; a header alone says nothing. */
function csvLines(lines: readonly string[], separator: string): number {
  const [header, ...rows] = lines.map((line) => cellsOf(line, separator));
  if (header === undefined || !isHeader(header) || rows.length === 0) return 0;
  return 1 + rows.filter((cells) => cells?.length === header.length).length;
}

/** A text may hold a word with `=` in it, and is no logfmt for that. */
function isMostlyPairs(line: string): boolean {
  const fields = parseLogfmt(line);
  if (fields === undefined) return false;
  const flags = [...fields.values()].filter((value) => value === true).length;
  return flags * 2 < fields.size;
}
