/** Comma-separated values (RFC 4180), one record a line. */
const QUOTE = '"';

/** The cells of a line, or undefined where its quotes do not pair or something stands behind a closing one. */
export function cellsOf(line: string, separator: string): string[] | undefined {
  const cells: string[] = [];
  for (let at = 0; ;) {
    if (line[at] !== QUOTE) {
      const end = line.indexOf(separator, at);
      const cell = line.slice(at, end === -1 ? line.length : end);
      if (cell.includes(QUOTE)) return undefined;
      cells.push(cell);
      if (end === -1) return cells;
      at = end + 1;
      continue;
    }
    const end = closingQuote(line, at);
    if (end === -1) return undefined;
    cells.push(line.slice(at + 1, end).replaceAll('""', QUOTE));
    if (end + 1 === line.length) return cells;
    if (line[end + 1] !== separator) return undefined;
    at = end + 2;
  }
}

/** The quote that ends the cell that begins with the one at `open`, or -1. Two in a row stand for one. */
function closingQuote(line: string, open: number): number {
  for (let at = open + 1; ; at += 2) {
    at = line.indexOf(QUOTE, at);
    if (at === -1 || line[at + 1] !== QUOTE) return at;
  }
}

/** True where these may be the names of columns: each a name, no two alike. */
export const isHeader = (cells: readonly string[]): boolean =>
  cells.length > 1 &&
  new Set(cells).size === cells.length &&
  cells.every((cell) => /^[A-Za-z_][\w .:/()%-]{0,63}$/.test(cell));
