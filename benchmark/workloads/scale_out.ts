/**
 * `scale-out`: receivers and shippers as processes, 1, 2, 4 … of each, before one log of record, and what gains by how
 * much until nothing does. All are on this machine: so it shows what an entry costs in each role, and that receivers
 * and shippers can be added, but not what more machines would bring. docs/SCALING.md reckons with its figures.
 */
import { availableParallelism } from 'node:os';
import { ensureBuilt } from '../fresh_build.ts';
import { interleave } from '../interleave.ts';
import {
  ROLES,
  byRole,
  cpuPerMillion,
  entriesPerSecond,
  withoutStart,
  type Layout,
  type Outcome,
  type Role,
} from '../scale/layout.ts';
import { needNats } from '../scale/nats_servers.ts';
import { makeLoad, runLayout, type Load } from '../scale/run_layout.ts';
import { limitOf, saturatedAt } from '../scale/saturation.ts';
import { scratchFolder } from '../scratch_folder.ts';
import { figure, spreadBy, spreadText, thousands, type Spread } from '../statistics.ts';
import { textTable, type Column } from '../table.ts';
import type { Workload } from '../workload.ts';

const LOGS = ['archive', 'jetstream'] as const;

interface Row extends Layout {
  readonly alternative: Layout['log'];
  readonly entries: number;
  readonly entriesPerSecond: Spread;
  readonly megabytesPerSecond: Spread;
  readonly cpuSecondsPerMillion: Readonly<Record<Role, Spread>>;
  /** Of the last round. */
  readonly limit: string;
  /** Without their start. */
  readonly rounds: readonly Outcome[];
}

type Name = 'rounds' | 'entries' | 'receivers' | 'shippers' | 'replicas' | 'workers' | 'seed';

export const scaleOut: Workload<Name> = {
  name: 'scale-out',
  summary: 'receivers and shippers by numbers, before an archive each or one JetStream: where it saturates',
  settings: {
    rounds: { default: 3, modest: 1, help: 'times each is measured' },
    entries: { default: 500_000, modest: 50_000, help: 'in all, divided among the shippers' },
    receivers: { default: 4, modest: 1, help: 'at most: powers of two up to it' },
    shippers: { default: 8, modest: 2, help: 'at most: powers of two up to it' },
    replicas: { default: 1, modest: 1, help: 'NATS servers, each of which has all' },
    workers: { default: 1, modest: 1, help: 'that write into an archive each meanwhile' },
    seed: { default: 1, modest: 1, help: 'of the lines' },
  },
  alternatives: LOGS,
  async run({ rounds, entries, receivers, shippers, replicas, workers, seed }, context) {
    const { signal, isWanted, progress } = context;
    const logs = LOGS.filter(isWanted);
    if (logs.includes('jetstream')) await needNats();
    await ensureBuilt(context);
    await using scratch = await scratchFolder();
    const loads = new Map<number, Load>();
    for (const count of powersOfTwo(shippers)) {
      const each = Math.max(1, Math.floor(entries / count));
      loads.set(count, await makeLoad(scratch.path, each, seed, signal));
    }
    const layouts = logs.flatMap((log) =>
      powersOfTwo(receivers).flatMap((count) =>
        powersOfTwo(shippers)
          .filter((of) => of >= count)
          .map((of) => layoutOf(log, count, of, { replicas, workers })),
      ),
    );
    const nothing = await makeLoad(scratch.path, 1, seed, signal);
    progress('scale-out: starting and ending the programs');
    const starts = new Map<Layout, Outcome>();
    for (const layout of layouts) starts.set(layout, await runLayout(layout, nothing, signal));
    const measured = await interleave(layouts, rounds, (layout, round) => {
      progress(`scale-out: round ${round} of ${rounds}, ${titleOf(layout)}`);
      return runLayout(layout, loads.get(layout.shippers) as Load, signal);
    });
    const rows = measured.map(({ alternative, samples }) =>
      rowOf(alternative, samples, starts.get(alternative) as Outcome),
    );
    const title = `about ${entries} entries in each row, ${replicas} NATS servers, gzip 1; CPU without starting the programs; median (min..max)`;
    return {
      text: `${title}\n\n${textTable(COLUMNS, rows)}\n${saturationText(rows)}`,
      results: { rows },
    };
  },
};

function layoutOf(
  log: Layout['log'],
  receivers: number,
  shippers: number,
  { replicas, workers }: Pick<Layout, 'replicas' | 'workers'>,
): Layout {
  const isStream = log === 'jetstream';
  return { log, receivers, shippers, replicas: isStream ? replicas : 0, workers: isStream ? workers : 0 };
}

function powersOfTwo(last: number): number[] {
  const numbers: number[] = [];
  for (let number = 1; number <= last; number *= 2) numbers.push(number);
  return numbers;
}

const titleOf = ({ log, receivers, shippers }: Layout): string =>
  `${log}, receivers ${receivers}, shippers ${shippers}`;

function rowOf(layout: Layout, whole: readonly Outcome[], start: Outcome): Row {
  const rounds = whole.map((round) => withoutStart(round, start));
  const first = rounds[0] as Outcome;
  return {
    ...layout,
    alternative: layout.log,
    entries: first.entries,
    entriesPerSecond: spreadBy(rounds, entriesPerSecond),
    megabytesPerSecond: spreadBy(rounds, ({ rawBytes, wallSeconds }) => rawBytes / wallSeconds / 1e6),
    cpuSecondsPerMillion: byRole(first.costs, (_, role) =>
      spreadBy(rounds, (round) => cpuPerMillion(round, role)),
    ),
    limit: limitOf(rounds.at(-1) as Outcome, availableParallelism()),
    rounds,
  };
}

/** A line for each log and number of receivers: from how many shippers on there is no tenth to gain. */
function saturationText(rows: readonly Row[]): string {
  const lines = new Map<string, Row[]>();
  for (const row of rows) {
    const key = `${row.log}, receivers ${row.receivers}`;
    lines.set(key, [...(lines.get(key) ?? []), row]);
  }
  return [...lines].map(([title, line]) => `- ${title}: ${saturationOf(line)}\n`).join('');
}

function saturationOf(line: readonly Row[]): string {
  const at = saturatedAt(line.map(({ entriesPerSecond }) => entriesPerSecond.median));
  const row = line[at ?? line.length - 1] as Row;
  const rate = `${thousands(row.entriesPerSecond.median)} entries/s (${row.limit})`;
  return at === undefined
    ? `still gains at shippers ${row.shippers}, ${rate}`
    : `saturated at shippers ${row.shippers}, ${rate}`;
}

const perMillionOf = (role: Role): Column<Row> => ({
  title: `CPU s/million ${role}`,
  cell: ({ cpuSecondsPerMillion }) => figure(cpuSecondsPerMillion[role].median),
});

const COLUMNS: readonly Column<Row>[] = [
  { title: 'log', cell: ({ log }) => log },
  { title: 'receivers', cell: ({ receivers }) => String(receivers) },
  { title: 'shippers', cell: ({ shippers }) => String(shippers) },
  { title: 'entries/s', cell: (row) => spreadText(row.entriesPerSecond, thousands) },
  { title: 'MB/s', cell: ({ megabytesPerSecond }) => figure(megabytesPerSecond.median) },
  ...ROLES.map(perMillionOf),
  { title: 'limit', cell: ({ limit }) => limit },
];
