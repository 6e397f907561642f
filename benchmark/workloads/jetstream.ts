/**
 * `jetstream`: the file of `ship` into the archive, into a stream of one NATS server and of three, each also with a worker
 * beside it that writes the stream into an archive. Where there is none, the worker writes when all is acknowledged: so all
 * of it is verified in any case, and what that costs is told in each.
 */
import { atLeast, barsText, type Bar } from '../bars.ts';
import { ensureBuilt } from '../fresh_build.ts';
import { interleave } from '../interleave.ts';
import {
  ROLES,
  byRole,
  cpuPerMillion,
  entriesPerSecond,
  totalPerMillion,
  withoutStart,
  type Layout,
  type Outcome,
  type Role,
} from '../scale/layout.ts';
import { needNats } from '../scale/nats_servers.ts';
import { makeLoad, runLayout } from '../scale/run_layout.ts';
import { scratchFolder } from '../scratch_folder.ts';
import { figure, spreadBy, spreadOf, spreadText, thousands, type Spread } from '../statistics.ts';
import { textTable, type Column } from '../table.ts';
import type { Workload } from '../workload.ts';

const one = { receivers: 1, shippers: 1 } as const;

const VARIANTS = {
  archive: { ...one, log: 'archive', replicas: 0, workers: 0 },
  R1: { ...one, log: 'jetstream', replicas: 1, workers: 0 },
  'R1 and worker': { ...one, log: 'jetstream', replicas: 1, workers: 1 },
  R3: { ...one, log: 'jetstream', replicas: 3, workers: 0 },
  'R3 and worker': { ...one, log: 'jetstream', replicas: 3, workers: 1 },
} as const satisfies Readonly<Record<string, Layout>>;

type VariantName = keyof typeof VARIANTS;

const NAMES = Object.keys(VARIANTS) as VariantName[];

interface Row {
  readonly alternative: VariantName;
  readonly entries: number;
  readonly entriesPerSecond: Spread;
  readonly cpuSecondsPerMillion: Readonly<Record<Role | 'all', Spread>>;
  readonly peakBytes: Readonly<Record<Role, Spread>>;
  /** Until the worker had all, from when all was acknowledged. */
  readonly behindSeconds: Spread;
  /** Without their start. */
  readonly rounds: readonly Outcome[];
}

export const jetstream: Workload<'rounds' | 'entries' | 'seed'> = {
  name: 'jetstream',
  summary: 'a file into the archive, into JetStream on one server, on three, with a worker beside it',
  settings: {
    rounds: { default: 5, modest: 1, help: 'times each is measured' },
    entries: { default: 500_000, modest: 50_000, help: 'JSON lines of about 213 bytes in the file' },
    seed: { default: 1, modest: 1, help: 'of the lines' },
  },
  alternatives: NAMES,
  async run({ rounds, entries, seed }, context) {
    const { signal, isWanted, progress } = context;
    const wanted = NAMES.filter(isWanted);
    if (wanted.some((name) => name !== 'archive')) await needNats();
    await ensureBuilt(context);
    await using scratch = await scratchFolder();
    const [load, nothing] = [
      await makeLoad(scratch.path, entries, seed, signal),
      await makeLoad(scratch.path, 1, seed, signal),
    ];
    progress('jetstream: starting and ending the programs');
    const starts = new Map<VariantName, Outcome>();
    for (const name of wanted) starts.set(name, await runLayout(VARIANTS[name], nothing, signal));
    const measured = await interleave(wanted, rounds, (name, round) => {
      progress(`jetstream: round ${round} of ${rounds}, ${name}`);
      return runLayout(VARIANTS[name], load, signal);
    });
    const rows = measured.map(({ alternative, samples }) =>
      rowOf(alternative, samples, starts.get(alternative) as Outcome),
    );
    const bars = barsOf(rows);
    const title = `${entries} entries, ${figure(load.bytes / 1e6)} MB, gzip 1; CPU without starting the programs; median (min..max)`;
    return {
      text: `${title}\n\n${textTable(COLUMNS, rows)}\n${barsText(bars)}`,
      results: { bars, rows },
    };
  },
};

function rowOf(alternative: VariantName, whole: readonly Outcome[], start: Outcome): Row {
  const rounds = whole.map((round) => withoutStart(round, start));
  const first = rounds[0] as Outcome;
  return {
    alternative,
    entries: first.entries,
    entriesPerSecond: spreadBy(rounds, entriesPerSecond),
    cpuSecondsPerMillion: {
      ...byRole(first.costs, (_, role) => spreadBy(rounds, (round) => cpuPerMillion(round, role))),
      all: spreadBy(rounds, totalPerMillion),
    },
    peakBytes: byRole(first.costs, (_, role) => spreadBy(rounds, ({ costs }) => costs[role].peakBytes)),
    behindSeconds: spreadBy(rounds, ({ behindSeconds }) => behindSeconds),
    rounds,
  };
}

/** Of the archive's entries/s in the same round. */
const LEAST_PERCENT = 50;

function barsOf(rows: readonly Row[]): Bar[] {
  const find = (name: VariantName): Row | undefined => rows.find(({ alternative }) => alternative === name);
  const [archive, stream] = [find('archive'), find('R1')];
  if (archive === undefined || stream === undefined) return [];
  const shares = stream.rounds.map(
    (round, n) => (entriesPerSecond(round) / entriesPerSecond(archive.rounds[n] as Outcome)) * 100,
  );
  const what = 'entries/s into JetStream on one server, round by round,';
  return [atLeast(what, spreadOf(shares).median, LEAST_PERCENT, "% of the archive's")];
}

const mebibytes = ({ median }: Spread): string => String(Math.round(median / 2 ** 20));

const COLUMNS: readonly Column<Row>[] = [
  { title: 'into', cell: ({ alternative }) => alternative },
  { title: 'entries/s', cell: (row) => spreadText(row.entriesPerSecond, thousands) },
  { title: 'CPU s/million', cell: (row) => spreadText(row.cpuSecondsPerMillion.all, figure) },
  ...ROLES.map((role): Column<Row> => ({
    title: role,
    cell: ({ cpuSecondsPerMillion }) => figure(cpuSecondsPerMillion[role].median),
  })),
  {
    title: `peak MiB ${ROLES.join(' / ')}`,
    cell: ({ peakBytes }) => ROLES.map((role) => mebibytes(peakBytes[role])).join(' / '),
  },
  { title: 'written out after s', cell: ({ behindSeconds }) => figure(behindSeconds.median) },
];
