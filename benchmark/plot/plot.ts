/** `npm run benchmark -- plot`: the figures of docs/PERFORMANCE.md, drawn from what the workloads kept. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Machine } from '../machine.ts';
import { figure, spreadText, type Spread } from '../statistics.ts';
import { barChart } from './bar_chart.ts';
import { lineChart } from './line_chart.ts';

/** What is read of a file of results. */
interface Results {
  readonly at: string;
  readonly machine: Machine;
  readonly rows: readonly Row[];
}

interface Row {
  readonly alternative: string;
  readonly of?: number;
  readonly work?: string;
  readonly entries?: number;
  /** Not there where a peer was skipped. */
  readonly cpuSecondsPerMillion?: {
    readonly shipper: Spread;
    readonly receiver: Spread;
    readonly both: Spread;
  };
}

interface Figure {
  /** Of the SVG file. */
  readonly name: string;
  readonly workload: string;
  /** Undefined where the results have nothing for it. */
  readonly draw: (results: Results) => string | undefined;
}

const UNIT = 'CPU seconds per million entries, user + system';

const FIGURES: readonly Figure[] = [
  {
    name: 'ship',
    workload: 'ship',
    draw: (results) => bars('What shipping a file costs, by compression', results, results.rows),
  },
  {
    name: 'peers',
    workload: 'peers',
    draw: (results) => {
      const rows = results.rows.filter(({ work }) => work === 'file');
      return bars('What shipping one file costs: Logferry and others', results, rows);
    },
  },
  {
    name: 'scale_entries',
    workload: 'scale',
    draw: (results) => points('What an entry costs, by how many there are', 'entries', results),
  },
  {
    name: 'scale_connections',
    workload: 'scale',
    draw: (results) => points('What an entry costs, by connections that bring them', 'connections', results),
  },
];

/** Draws what there are results for; the answer is the files written. Throws where there are none at all. */
export async function plot(resultsFolder: string, figuresFolder: string): Promise<string[]> {
  await mkdir(figuresFolder, { recursive: true });
  const written: string[] = [];
  for (const { name, workload, draw } of FIGURES) {
    const results = await resultsOf(join(resultsFolder, `${workload}.json`));
    const svg = results === undefined ? undefined : draw(results);
    if (svg === undefined) continue;
    const path = join(figuresFolder, `${name}.svg`);
    await writeFile(path, svg);
    written.push(path);
  }
  if (written.length === 0)
    throw new Error(`${resultsFolder} has no results to draw: run a workload first (ship, scale, peers)`);
  return written;
}

/** Undefined where the workload has not been run. */
async function resultsOf(path: string): Promise<Results | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Results;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function bars(title: string, results: Results, rows: readonly Row[]): string | undefined {
  const drawn = rows.flatMap(({ alternative, cpuSecondsPerMillion: cpu }) =>
    cpu === undefined
      ? []
      : [
          {
            label: alternative,
            shipper: cpu.shipper.median,
            receiver: cpu.receiver.median,
            figure: spreadText(cpu.both, figure),
          },
        ],
  );
  if (drawn.length === 0) return undefined;
  return barChart({ title, unit: UNIT, bars: drawn, footer: footerOf(results) });
}

function points(title: string, part: string, results: Results): string | undefined {
  const drawn = results.rows
    .filter(({ alternative }) => alternative === part)
    .flatMap(({ of = 0, cpuSecondsPerMillion: cpu }) =>
      cpu === undefined ? [] : [{ label: of.toLocaleString('en-US'), ...cpu }],
    );
  if (drawn.length === 0) return undefined;
  return lineChart({ title, x: part, unit: UNIT, points: drawn, footer: footerOf(results) });
}

const footerOf = ({ at, machine: { cpu, cores, node, commit } }: Results): string =>
  `${at.slice(0, 10)}, commit ${commit}, ${cpu}, ${cores} cores, Node ${node}; medians`;
