import type { Change } from './change.ts';

/** From so many columns on a table is readable; below each change is a paragraph. */
const TABLE_COLUMNS = 100;

/** Text gets at least so many, also where the terminal has fewer. */
const LEAST_COLUMNS = 16;

/** `UNSAFE`, and the blanks between columns. */
const VERDICT_COLUMNS = 6;
const GAP = 2;

const HEAD = ['', 'where', 'change', 'hurts', 'why'] as const;

/** The changes as text for a terminal of so many columns: unsafe ones first, then a line that sums up. */
export function changesText(changes: readonly Change[], columns: number): string {
  const sorted = [...changes].sort((a, b) => Number(isSafe(a)) - Number(isSafe(b)));
  const unsafe = changes.filter((change) => !isSafe(change)).length;
  const body =
    sorted.length === 0 ? '' : columns >= TABLE_COLUMNS ? asTable(sorted, columns) : asList(sorted, columns);
  const sum =
    changes.length === 0
      ? 'no changes on the wire or in names'
      : unsafe === 0
        ? `${counted(changes.length)}, all safe`
        : `${counted(changes.length)}, ${unsafe} unsafe`;
  return `${body}${sum}\n`;
}

/** The changes for programs: `{"safe": …, "changes": […]}`. */
export function changesJson(changes: readonly Change[]): string {
  const shown = changes.map((change) => ({
    where: change.where,
    change: change.what,
    safe: isSafe(change),
    hurts: change.hurts,
    why: change.why,
  }));
  return `${JSON.stringify({ safe: changes.every(isSafe), changes: shown })}\n`;
}

export const isSafe = ({ hurts }: Change): boolean => hurts.length === 0;

const verdict = (change: Change): string => (isSafe(change) ? 'safe' : 'UNSAFE');
const counted = (count: number): string => `${count} ${count === 1 ? 'change' : 'changes'}`;

const cellsOf = (change: Change): readonly string[] => [
  verdict(change),
  change.where,
  change.what,
  isSafe(change) ? 'nobody' : change.hurts.join(', '),
  change.why,
];

/** The verdict, and columns as wide as they need to be, but for the last, which has what is left. */
function asTable(changes: readonly Change[], columns: number): string {
  const rows = [HEAD, ...changes.map(cellsOf)];
  const share = Math.floor((columns - VERDICT_COLUMNS) / 4) - GAP;
  const width = (column: number): number =>
    Math.min(share, Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const widths = [VERDICT_COLUMNS, width(1), width(2), width(3)];
  const left = columns - widths.reduce((sum, one) => sum + one + GAP, 0);
  return rows.map((row) => tableRow(row, [...widths, left])).join('');
}

function tableRow(row: readonly string[], widths: readonly number[]): string {
  const cells = row.map((cell, column) => wrapped(cell, widths[column] ?? 0));
  const height = Math.max(...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) => {
    const texts = cells.map((lines, column) => (lines[line] ?? '').padEnd(widths[column] ?? 0));
    return `${texts.join(' '.repeat(GAP)).trimEnd()}\n`;
  }).join('');
}

function asList(changes: readonly Change[], columns: number): string {
  const indent = VERDICT_COLUMNS + GAP;
  return changes
    .map((change) => {
      const [, where = '', what = '', hurts = '', why = ''] = cellsOf(change);
      const lines = [where, what, ...(isSafe(change) ? [] : [`hurts ${hurts}`]), why]
        .flatMap((text) => wrapped(text, Math.max(columns - indent, LEAST_COLUMNS)))
        .map((line) => `${' '.repeat(indent)}${line}\n`);
      return `${verdict(change).padEnd(indent)}${lines.join('').slice(indent)}`;
    })
    .join('');
}

/** Text in lines of at most `width`, broken between words, or inside one that is longer. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((whole) => pieces(whole, width))) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function pieces(word: string, width: number): string[] {
  const found: string[] = [];
  for (let at = 0; at < Math.max(word.length, 1); at += width) found.push(word.slice(at, at + width));
  return found;
}
