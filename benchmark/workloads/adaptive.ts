/**
 * `adaptive`: what ADAPTIVE_ENABLED=true costs under full load, where it is to come down to level 1, and gains on a slow
 * line, where there is time for more. Full: a file as fast as it goes. Slow: generated entries at a steady rate; there CPU
 * hardly matters and bytes hold still, so all variants run at once, each with a receiver of its own.
 */
import { join } from 'node:path';
import { atLeast, atMost, barsText, type Bar } from '../bars.ts';
import { ensureBuilt } from '../fresh_build.ts';
import { interleave } from '../interleave.ts';
import { writeLogFile } from '../log_lines.ts';
import { scratchFolder } from '../scratch_folder.ts';
import { cpuPerMillion, shipOnce, type Shipment } from '../shipment.ts';
import { figure, spreadBy, spreadText, thousands, type Spread } from '../statistics.ts';
import { textTable, type Column } from '../table.ts';
import type { Workload } from '../workload.ts';

const VARIANTS: Readonly<Record<string, readonly string[]>> = {
  'gzip 1': ['--compression-level', '1'],
  adaptive: ['--adaptive-enabled', 'true'],
};

interface Row {
  readonly alternative: string;
  readonly load: 'full' | 'slow';
  readonly entriesPerSecond: Spread;
  readonly cpuSecondsPerMillion: Spread;
  /** Raw bytes to bytes on the wire. */
  readonly ratio: Spread;
  readonly rounds: readonly Shipment[];
}

const MORE_PERCENT = 15;

export const adaptive: Workload<'rounds' | 'entries' | 'rate' | 'seconds' | 'seed'> = {
  name: 'adaptive',
  summary: 'a level that follows the CPU: cost under full load, ratio on a slow line',
  settings: {
    rounds: { default: 3, modest: 1, help: 'times each is measured under full load' },
    entries: { default: 2_000_000, modest: 500_000, help: 'JSON lines of about 213 bytes in the file' },
    rate: { default: 5000, modest: 5000, help: 'entries a second on the slow line' },
    seconds: { default: 15, modest: 2, help: 'how long the slow line runs' },
    seed: { default: 1, modest: 1, help: 'of lines and entries' },
  },
  alternatives: Object.keys(VARIANTS),
  async run({ rounds, entries, rate, seconds, seed }, context) {
    const { signal, isWanted, progress } = context;
    await ensureBuilt(context);
    await using scratch = await scratchFolder();
    const path = join(scratch.path, 'logs.jsonl');
    await writeLogFile(path, entries, seed, signal);
    const wanted = Object.keys(VARIANTS).filter(isWanted);
    const full = await interleave(wanted, rounds, (variant, round) => {
      progress(`adaptive: round ${round} of ${rounds}, ${variant}`);
      const shipperFlags = VARIANTS[variant] ?? [];
      return shipOnce({ command: ['send', path], shipperFlags, entries }, signal);
    });
    progress(`adaptive: ${rate} a second for ${seconds} s`);
    const pace = ['--log-rate', String(rate), '--run-time', String(seconds), '--seed', String(seed)];
    const slow = await Promise.all(
      wanted.map(async (variant) => {
        const shipperFlags = [...pace, ...(VARIANTS[variant] ?? [])];
        const shipment = await shipOnce({ command: ['generate'], shipperFlags }, signal);
        return { alternative: variant, samples: [shipment] };
      }),
    );
    const rows = [
      ...full.map(({ alternative, samples }) => rowOf(alternative, 'full', samples)),
      ...slow.map(({ alternative, samples }) => rowOf(alternative, 'slow', samples)),
    ];
    const bars = barsOf(rows);
    const title = `full: a file of ${entries} entries; slow: ${rate} entries/s for ${seconds} s; median (min..max)`;
    return {
      text: `${title}\n\n${textTable(COLUMNS, rows)}\n${barsText(bars)}`,
      results: { bars, rows },
    };
  },
};

function rowOf(alternative: string, load: Row['load'], rounds: readonly Shipment[]): Row {
  return {
    alternative,
    load,
    entriesPerSecond: spreadBy(rounds, ({ entries, wallSeconds }) => entries / wallSeconds),
    cpuSecondsPerMillion: spreadBy(rounds, cpuPerMillion),
    ratio: spreadBy(rounds, ({ rawBytes, wireBytes }) => rawBytes / wireBytes),
    rounds,
  };
}

function barsOf(rows: readonly Row[]): Bar[] {
  const find = (name: string, under: Row['load']): Row | undefined =>
    rows.find(({ alternative, load }) => alternative === name && load === under);
  const [full, one] = [find('adaptive', 'full'), find('gzip 1', 'full')];
  const [slow, slowOne] = [find('adaptive', 'slow'), find('gzip 1', 'slow')];
  if (!full || !one || !slow || !slowOne) return [];
  const more = (full.cpuSecondsPerMillion.median / one.cpuSecondsPerMillion.median - 1) * 100;
  return [
    atMost('adaptive under full load, beside gzip 1, CPU', more, MORE_PERCENT, '% more'),
    atLeast('ratio of adaptive on a slow line', slow.ratio.median, slowOne.ratio.median, ': 1 (gzip 1)'),
  ];
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'variant', cell: ({ alternative, load }) => `${alternative}, ${load}` },
  { title: 'entries/s', cell: ({ entriesPerSecond }) => spreadText(entriesPerSecond, thousands) },
  {
    title: 'CPU s/million',
    cell: ({ cpuSecondsPerMillion }) => spreadText(cpuSecondsPerMillion, figure),
  },
  { title: 'ratio', cell: ({ ratio }) => spreadText(ratio, figure) },
  {
    title: 'entries a batch',
    cell: ({ rounds }) => figure(spreadBy(rounds, ({ entries, batches }) => entries / batches).median),
  },
];
