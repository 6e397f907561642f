/** The tables of the workload `peers`. */
import { figure, spreadText, thousands, type Spread } from '../statistics.ts';
import { textTable, type Column } from '../table.ts';
import type { MeasuredRow, Row } from './compare.ts';

/** A table of Markdown under its title, and below it which programs it is of. */
export function reportOf(title: string, rows: readonly Row[]): string {
  const programs = new Set(
    rows.flatMap((row) => ('skipped' in row || row.program === null ? [] : [row.program])),
  );
  const versions = programs.size === 0 ? '' : `\nWith ${[...programs].join(', ')}.\n`;
  const isComplete = rows.every((row) => !('skipped' in row));
  const hint = isComplete ? '' : '\nbenchmark/peers/install.sh brings what is missing (on Debian).\n';
  return `${title}\n\n${textTable(COLUMNS, rows)}${versions}${hint}`;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'shipper', cell: ({ alternative }) => alternative },
  {
    title: 'entries/s',
    cell: (row) =>
      'skipped' in row ? `skipped: ${row.skipped}` : spreadText(row.entriesPerSecond, thousands),
  },
  measured('CPU s/million', ({ cpuSecondsPerMillion: { both } }) => spreadText(both, figure)),
  measured('ship + receive', ({ cpuSecondsPerMillion: { shipper, receiver } }) =>
    [shipper, receiver].map(({ median }) => figure(median)).join(' + '),
  ),
  measured('peak MiB', ({ peakBytes: { shipper, receiver } }) =>
    [shipper, receiver].map(mebibytes).join(' / '),
  ),
  measured('wire B/entry', ({ bytesPerEntry: { wire } }) =>
    wire === null ? 'unknown' : figure(wire.median),
  ),
  measured(
    'stored B/entry',
    ({ stores, bytesPerEntry: { stored } }) => `${stores}, ${figure(stored.median)}`,
  ),
  measured('lost / repeated / damaged', ({ losses: { lost, repeated, damaged } }) =>
    [lost, repeated, damaged].map((count) => count.toLocaleString('en-US')).join(' / '),
  ),
  measured('the shipper knows', ({ guarantee }) => guarantee),
];

function measured(title: string, cell: (row: MeasuredRow) => string): Column<Row> {
  return { title, cell: (row) => ('skipped' in row ? '' : cell(row)) };
}

const mebibytes = ({ median }: Spread): string => String(Math.round(median / 2 ** 20));
