/**
 * What processors did, for the summary: lines = entries + filtered + joined + blank + headers (pieces of lines that are
 * too long are counted apart, and go through).
 */
export class ProcessCounts {
  /** Lines taken in. */
  lines = 0;
  /** Entries given out. */
  entries = 0;
  /** Lines that became part of the entry before. */
  joined = 0;
  blank = 0;
  /** Header lines of CSV. */
  headers = 0;
  pieces = 0;
  /** Entries dropped, by rule. */
  readonly filtered = new Map<string, number>();
  /** Lines that did not parse and were shipped as they are, by reason. */
  readonly unparsed = new Map<string, number>();
  readonly tagged = new Map<string, number>();

  /** For the log. What never happened is left out. */
  figures(): object {
    const { lines, entries, joined, blank, headers, pieces } = this;
    const numbers = Object.entries({ joined, blank, headers, pieces }).filter(([, value]) => value > 0);
    const tables = Object.entries({ filtered: this.filtered, unparsed: this.unparsed, tagged: this.tagged });
    return {
      lines,
      entries,
      ...Object.fromEntries(numbers),
      ...Object.fromEntries(
        tables
          .filter(([, table]) => table.size > 0)
          .map(([name, table]) => [name, Object.fromEntries(table)]),
      ),
    };
  }

  /** For the line a person sees. */
  words(): string {
    const parts = { filtered: total(this.filtered), unparsed: total(this.unparsed) };
    return Object.entries(parts)
      .filter(([, value]) => value > 0)
      .map(([name, value]) => ` · ${value.toLocaleString('en-US')} ${name}`)
      .join('');
  }
}

/** Counts one more. */
export const countOne = (table: Map<string, number>, key: string): unknown =>
  table.set(key, (table.get(key) ?? 0) + 1);

export const total = (table: ReadonlyMap<string, number>): number =>
  [...table.values()].reduce((sum, value) => sum + value, 0);
