/**
 * `scale`: does an entry cost the same, however many there are, however many connections bring them, and on one core as on
 * two? Before each measurement comes the same with one entry (from each connection), which is what starting and connecting
 * cost: that is not counted as the entries'. The connections share one total, and are all held by one driver.
 */
import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { atMost, barsText, type Bar } from '../bars.ts';
import { ensureBuilt } from '../fresh_build.ts';
import { interleave } from '../interleave.ts';
import { writeLogFile } from '../log_lines.ts';
import { startReceiver, verifyArchive } from '../product.ts';
import { scratchFolder } from '../scratch_folder.ts';
import { shipOnce } from '../shipment.ts';
import { shipFromMany } from '../shipper_group.ts';
import { figure, spreadBy, spreadText, thousands, type Spread } from '../statistics.ts';
import { textTable, type Column } from '../table.ts';
import type { Context, Workload } from '../workload.ts';

const PARTS = ['entries', 'connections', 'cores'] as const;
type Part = (typeof PARTS)[number];

/** One point of a part: so many of what it varies. */
interface Point {
  readonly part: Part;
  readonly of: number;
  readonly entries: number;
}

interface Cost {
  readonly wallSeconds: number;
  readonly shipperCpuSeconds: number;
  readonly receiverCpuSeconds: number;
}

interface Round {
  /** With one entry from each connection. */
  readonly start: Cost;
  readonly whole: Cost;
}

interface Row {
  readonly alternative: Part;
  readonly of: number;
  readonly entries: number;
  readonly entriesPerSecond: Spread;
  /** Programs and connections. */
  readonly startCpuSeconds: Spread;
  /** Without the start. */
  readonly cpuSecondsPerMillion: {
    readonly shipper: Spread;
    readonly receiver: Spread;
    readonly both: Spread;
  };
  readonly rounds: readonly Round[];
}

const FEWEST_ENTRIES = 100_000;

/** What the connections share, and the cores ship, at most. */
const SHARED_ENTRIES = 1_000_000;

const LEVEL = ['--compression-level', '1'];

export const scale: Workload<'rounds' | 'entries' | 'connections' | 'seed'> = {
  name: 'scale',
  summary: 'what an entry costs by the number of entries, of connections, of cores',
  settings: {
    rounds: { default: 3, modest: 1, help: 'times each is measured' },
    entries: { default: 1_000_000, modest: 100_000, help: 'in the largest file: powers of ten up to it' },
    connections: { default: 1000, modest: 100, help: 'at most: powers of ten up to it' },
    seed: { default: 1, modest: 1, help: 'of the lines' },
  },
  alternatives: PARTS,
  async run({ rounds, entries, connections, seed }, context) {
    const { signal, isWanted, progress } = context;
    await ensureBuilt(context);
    await using scratch = await scratchFolder();
    const shared = Math.min(SHARED_ENTRIES, entries);
    const points: Point[] = [
      ...powersOfTen(Math.min(FEWEST_ENTRIES, entries), entries).map((of) => point('entries', of, of)),
      ...powersOfTen(1, connections).map((of) => point('connections', of, shared)),
      ...(await coreCounts(context)).map((of) => point('cores', of, shared)),
    ].filter(({ part }) => isWanted(part));
    const files = new Map<number, string>();
    for (const lines of new Set([1, ...points.map(linesOfEach)])) {
      const path = join(scratch.path, `${lines}.jsonl`);
      files.set(lines, path);
      await writeLogFile(path, lines, seed, signal);
    }
    const pathOf = (lines: number): string => files.get(lines) ?? '';
    const measured = await interleave(points, rounds, async (at, round) => {
      progress(`scale: round ${round} of ${rounds}, ${at.part} ${at.of}`);
      const connections = at.part === 'connections' ? at.of : 1;
      const start = await measure({ ...at, entries: connections }, pathOf(1), signal);
      return { start, whole: await measure(at, pathOf(linesOfEach(at)), signal) };
    });
    const rows = measured.map(({ alternative, samples }) => rowOf(alternative, samples));
    const bars = PARTS.flatMap((part) => flatness(rows.filter(({ alternative }) => alternative === part)));
    const title = 'gzip 1; the start is not in CPU s/million; median (min..max)';
    return {
      text: `${title}\n\n${textTable(COLUMNS, rows)}\n${barsText(bars)}`,
      results: { bars, rows },
    };
  },
};

const point = (part: Point['part'], of: number, entries: number): Point => ({
  part,
  of,
  entries: part === 'connections' ? of * Math.max(1, Math.floor(entries / of)) : entries,
});

/** Of the file that each connection ships. */
const linesOfEach = ({ part, of, entries }: Point): number =>
  part === 'connections' ? entries / of : entries;

function powersOfTen(first: number, last: number): number[] {
  const numbers: number[] = [];
  for (let number = first; number <= last; number *= 10) numbers.push(number);
  return numbers;
}

/** None where programs can't be held to some of the cores. */
async function coreCounts({ progress }: Context): Promise<number[]> {
  const hasTaskset = await promisify(execFile)('taskset', ['--version']).then(
    () => true,
    () => false,
  );
  if (hasTaskset && availableParallelism() > 1) return [1, 2];
  progress('scale: cores are not measured: that takes two of them, and taskset (util-linux)');
  return [];
}

async function measure({ part, of, entries }: Point, path: string, signal: AbortSignal): Promise<Cost> {
  if (part === 'connections') return connectMany(of, entries, path, signal);
  const under = part === 'cores' ? ['taskset', '-c', of === 1 ? '0' : `0-${of - 1}`] : [];
  return shipOnce({ command: ['send', path], shipperFlags: LEVEL, under, entries }, signal);
}

async function connectMany(
  shippers: number,
  entries: number,
  path: string,
  signal: AbortSignal,
): Promise<Cost> {
  await using scratch = await scratchFolder();
  const dataDir = join(scratch.path, 'data');
  await using receiver = await startReceiver(dataDir, [], signal);
  const stateFolder = join(scratch.path, 'state');
  const group = { port: receiver.port, path, shippers, processes: 1, stateFolder };
  const { wallSeconds, cpuSeconds } = await shipFromMany(group, signal);
  const received = await receiver.stop();
  await verifyArchive(dataDir, entries, signal);
  return { wallSeconds, shipperCpuSeconds: cpuSeconds, receiverCpuSeconds: received.cpuSeconds };
}

function rowOf({ part, of, entries }: Point, rounds: readonly Round[]): Row {
  const startOf = (side: Side): number => spreadBy(rounds, ({ start }) => start[side]).median;
  const shipperStart = startOf('shipperCpuSeconds');
  const receiverStart = startOf('receiverCpuSeconds');
  const shipper = ({ whole }: Round): number => ((whole.shipperCpuSeconds - shipperStart) / entries) * 1e6;
  const receiver = ({ whole }: Round): number => ((whole.receiverCpuSeconds - receiverStart) / entries) * 1e6;
  return {
    alternative: part,
    of,
    entries,
    entriesPerSecond: spreadBy(rounds, ({ whole }) => entries / whole.wallSeconds),
    startCpuSeconds: spreadBy(rounds, ({ start }) => start.shipperCpuSeconds + start.receiverCpuSeconds),
    cpuSecondsPerMillion: {
      shipper: spreadBy(rounds, shipper),
      receiver: spreadBy(rounds, receiver),
      both: spreadBy(rounds, (round) => shipper(round) + receiver(round)),
    },
    rounds,
  };
}

type Side = 'shipperCpuSeconds' | 'receiverCpuSeconds';

/** How much more an entry may cost at the last point than at the first. */
const FLAT_PERCENT = 25;

/** A thousand shippers in one program are the driver's affair: with connections it is the receiver that has to be flat. */
function flatness(rows: readonly Row[]): Bar[] {
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined || first === last) return [];
  const side = first.alternative === 'connections' ? 'receiver' : 'both';
  const costAt = ({ cpuSecondsPerMillion }: Row): number => cpuSecondsPerMillion[side].median;
  const where = side === 'both' ? '' : ' the receiver';
  const what = `an entry at ${count(last.of)} ${last.alternative} costs${where}, beside one at ${count(first.of)},`;
  return [atMost(what, (costAt(last) / costAt(first) - 1) * 100, FLAT_PERCENT, '% more')];
}

const count = (value: number): string => value.toLocaleString('en-US');

const COLUMNS: readonly Column<Row>[] = [
  { title: 'by', cell: ({ alternative, of }) => `${alternative} ${count(of)}` },
  { title: 'entries/s', cell: ({ entriesPerSecond }) => spreadText(entriesPerSecond, thousands) },
  { title: 'start CPU s', cell: ({ startCpuSeconds }) => figure(startCpuSeconds.median) },
  { title: 'CPU s/million', cell: ({ cpuSecondsPerMillion: { both } }) => spreadText(both, figure) },
  { title: 'shipper', cell: ({ cpuSecondsPerMillion: { shipper } }) => figure(shipper.median) },
  { title: 'receiver', cell: ({ cpuSecondsPerMillion: { receiver } }) => figure(receiver.median) },
];
