/** A column: its title, and what stands in it for a row. The first column is aligned left, the others right. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
}

/** The rows as a table of Markdown that is aligned in plain text too, each line ended by a newline. */
export function textTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const titles = columns.map(({ title }) => title);
  const cells = rows.map((row) => columns.map(({ cell }) => cell(row)));
  const widths = titles.map((title, column) =>
    Math.max(2, title.length, ...cells.map((texts) => texts[column]?.length ?? 0)),
  );
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`,
  );
  const lines = [titles, ...cells].map((texts) => line(texts, widths));
  return lines.toSpliced(1, 0, `|${rule.join('|')}|\n`).join('');
}

function line(texts: readonly string[], widths: readonly number[]): string {
  const aligned = texts.map((text, column) => {
    const width = widths[column] ?? 0;
    return column === 0 ? text.padEnd(width) : text.padStart(width);
  });
  return `| ${aligned.join(' | ')} |\n`;
}
