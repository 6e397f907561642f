/**
 * `fan-in`: many shippers at once, beside one that ships the same total. As programs of their own, started together, which
 * is mostly the starting of programs; and as many shippers in a few programs, connected before they are let loose, which
 * is what many shippers mean to the receiver.
 */
import { join } from 'node:path';
import { atLeast, atMost, barsText, type Bar } from '../bars.ts';
import { ensureBuilt } from '../fresh_build.ts';
import { interleave } from '../interleave.ts';
import { writeLogFile } from '../log_lines.ts';
import { startProcess, type Usage } from '../measured_process.ts';
import { shippedBy, shipperCommand, startReceiver, verifyArchive } from '../product.ts';
import { scratchFolder } from '../scratch_folder.ts';
import { shipFromMany } from '../shipper_group.ts';
import { figure, spreadBy, spreadOf, spreadText, thousands, type Spread } from '../statistics.ts';
import { textTable, type Column } from '../table.ts';
import type { Workload } from '../workload.ts';

interface Variant {
  readonly name: string;
  /** True for a program each, false for many in a few. */
  readonly isEachAProgram: boolean;
  readonly isOne: boolean;
}

const VARIANTS: readonly Variant[] = [
  { name: 'one program', isEachAProgram: true, isOne: true },
  { name: 'a program each', isEachAProgram: true, isOne: false },
  { name: 'one in a driver', isEachAProgram: false, isOne: true },
  { name: 'many in drivers', isEachAProgram: false, isOne: false },
];

/** What all shippers of one round did. */
interface Round {
  readonly wallSeconds: number;
  readonly shipperCpuSeconds: number;
  readonly receiverCpuSeconds: number;
  readonly receiverPeakBytes: number;
  readonly batches: number;
  /** Of each shipper, from the common start until all of it was acknowledged. */
  readonly doneSeconds: readonly number[];
}

interface Row {
  readonly alternative: string;
  readonly shippers: number;
  readonly entries: number;
  readonly entriesPerSecond: Spread;
  readonly cpuSecondsPerMillion: { readonly shipper: Spread; readonly receiver: Spread };
  readonly receiverPeakBytes: Spread;
  /** The median shipper of a round, and the last. */
  readonly medianDoneSeconds: Spread;
  readonly lastDoneSeconds: Spread;
  readonly lastToMedian: Spread;
  readonly rounds: readonly Round[];
}

interface Work {
  readonly path: string;
  readonly shippers: number;
  readonly entries: number;
  readonly drivers: number;
}

export const fanIn: Workload<'rounds' | 'entries' | 'shippers' | 'drivers' | 'seed'> = {
  name: 'fan-in',
  summary: 'many shippers at once, beside one with the same total: entries/s, and how long each waits',
  settings: {
    rounds: { default: 3, modest: 1, help: 'times each is measured' },
    entries: { default: 2_000_000, modest: 200_000, help: 'JSON lines in all' },
    shippers: { default: 100, modest: 10, help: 'how many share them' },
    drivers: { default: 2, modest: 2, help: 'programs that hold many shippers' },
    seed: { default: 1, modest: 1, help: 'of the lines' },
  },
  alternatives: VARIANTS.map(({ name }) => name),
  async run({ rounds, entries, shippers, drivers, seed }, context) {
    const { signal, isWanted, progress } = context;
    await ensureBuilt(context);
    await using scratch = await scratchFolder();
    const each = Math.max(1, Math.floor(entries / shippers));
    const one = { path: join(scratch.path, 'all.jsonl'), shippers: 1, entries: each * shippers, drivers };
    const many = { path: join(scratch.path, 'share.jsonl'), shippers, entries: each * shippers, drivers };
    await writeLogFile(one.path, one.entries, seed, signal);
    await writeLogFile(many.path, each, seed, signal);
    const wanted = VARIANTS.filter(({ name }) => isWanted(name));
    const measured = await interleave(wanted, rounds, (variant, round) => {
      progress(`fan-in: round ${round} of ${rounds}, ${variant.name}`);
      return measure(variant, variant.isOne ? one : many, signal);
    });
    const rows = measured.map(({ alternative, samples }) =>
      rowOf(alternative.name, alternative.isOne ? one : many, samples),
    );
    const bars = barsOf(rows);
    const title = `${many.entries} entries, by one shipper or by ${shippers}; gzip 1; median (min..max)`;
    return {
      text: `${title}\n\n${textTable(COLUMNS, rows)}\n${barsText(bars)}`,
      results: { bars, rows },
    };
  },
};

async function measure(variant: Variant, work: Work, signal: AbortSignal): Promise<Round> {
  await using scratch = await scratchFolder();
  const dataDir = join(scratch.path, 'data');
  const stateFolder = join(scratch.path, 'state');
  await using receiver = await startReceiver(dataDir, [], signal);
  const ship = variant.isEachAProgram ? programs : drivers;
  const shipped = await ship(work, receiver.port, stateFolder, signal);
  const received = await receiver.stop();
  await verifyArchive(dataDir, work.entries, signal);
  return {
    ...shipped,
    wallSeconds: Math.max(...shipped.doneSeconds),
    receiverCpuSeconds: received.cpuSeconds,
    receiverPeakBytes: received.peakBytes,
  };
}

type ShippersRound = Pick<Round, 'shipperCpuSeconds' | 'batches' | 'doneSeconds'>;

/** Reading the peak memory of each every few milliseconds would take a core of its own. */
const PEAK_EVERY_MS = 1000;

/** A hundred programs that start at once on two cores keep the receiver from its turn for longer than HELLO_TIMEOUT. */
const FLAGS = ['--compression-level', '1', '--hello-timeout', '60'];

async function programs(
  { path, shippers }: Work,
  port: number,
  stateFolder: string,
  signal: AbortSignal,
): Promise<ShippersRound> {
  await using running = new AsyncDisposableStack();
  const startedMs = performance.now();
  const ends: Promise<{ usage: Usage; doneSeconds: number }>[] = [];
  const start = async (n: number): Promise<void> => {
    const flags = [...FLAGS, '--shipper-id', `bench-${n}`, '--state-dir', stateFolder];
    const command = shipperCommand(['send', path], port, flags);
    const { finished } = running.use(await startProcess(command, signal, { peakEveryMs: PEAK_EVERY_MS }));
    const doneSeconds = (): number => (performance.now() - startedMs) / 1000;
    ends.push(finished.then((usage) => ({ usage, doneSeconds: doneSeconds() })));
  };
  await Promise.all(Array.from({ length: shippers }, (_, n) => start(n)));
  const ended = (await Promise.all(ends)).map(({ usage, doneSeconds }) => ({
    ...shippedBy(usage, signal),
    doneSeconds,
  }));
  return {
    shipperCpuSeconds: ended.reduce((sum, { usage }) => sum + usage.cpuSeconds, 0),
    batches: ended.reduce((sum, { shipped }) => sum + shipped.batches, 0),
    doneSeconds: ended.map(({ doneSeconds }) => doneSeconds),
  };
}

async function drivers(
  { path, shippers, drivers: processes }: Work,
  port: number,
  stateFolder: string,
  signal: AbortSignal,
): Promise<ShippersRound> {
  const group = { port, path, shippers, processes, stateFolder };
  const { doneMs, cpuSeconds, batches } = await shipFromMany(group, signal);
  return { shipperCpuSeconds: cpuSeconds, batches, doneSeconds: doneMs.map((ms) => ms / 1000) };
}

function rowOf(alternative: string, { entries, shippers }: Work, rounds: readonly Round[]): Row {
  const perMillion = (of: (round: Round) => number): Spread =>
    spreadBy(rounds, (round) => (of(round) / entries) * 1e6);
  const median = ({ doneSeconds }: Round): number => spreadOf(doneSeconds).median;
  return {
    alternative,
    shippers,
    entries,
    entriesPerSecond: spreadBy(rounds, ({ wallSeconds }) => entries / wallSeconds),
    cpuSecondsPerMillion: {
      shipper: perMillion(({ shipperCpuSeconds }) => shipperCpuSeconds),
      receiver: perMillion(({ receiverCpuSeconds }) => receiverCpuSeconds),
    },
    receiverPeakBytes: spreadBy(rounds, ({ receiverPeakBytes }) => receiverPeakBytes),
    medianDoneSeconds: spreadBy(rounds, median),
    lastDoneSeconds: spreadBy(rounds, ({ wallSeconds }) => wallSeconds),
    lastToMedian: spreadBy(rounds, (round) => round.wallSeconds / median(round)),
    rounds,
  };
}

/** The programs' throughput has no bar: it is that of starting them. */
function barsOf(rows: readonly Row[]): Bar[] {
  const find = (name: string): Row | undefined => rows.find(({ alternative }) => alternative === name);
  const [programsRow, one, many] = ['a program each', 'one in a driver', 'many in drivers'].map(find);
  const bars: Bar[] = [];
  if (one !== undefined && many !== undefined) {
    const shares = many.rounds.map(({ wallSeconds }, n) => (one.rounds[n]?.wallSeconds ?? NaN) / wallSeconds);
    const share = spreadOf(shares).median * 100;
    bars.push(atLeast('throughput of many in drivers', share, 70, '% of one (round by round)'));
  }
  for (const row of [programsRow, many]) {
    if (row === undefined) continue;
    const { alternative, lastToMedian } = row;
    bars.push(atMost(`the last shipper of '${alternative}' waits`, lastToMedian.median, 3, 'x the median'));
  }
  return bars;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'shippers', cell: ({ alternative, shippers }) => `${alternative} (${shippers})` },
  { title: 'entries/s', cell: ({ entriesPerSecond }) => spreadText(entriesPerSecond, thousands) },
  {
    title: 'CPU s/million shippers',
    cell: ({ cpuSecondsPerMillion: { shipper } }) => spreadText(shipper, figure),
  },
  { title: 'receiver', cell: ({ cpuSecondsPerMillion: { receiver } }) => spreadText(receiver, figure) },
  { title: 'receiver peak MiB', cell: ({ receiverPeakBytes }) => mebibytes(receiverPeakBytes) },
  { title: 'median done s', cell: ({ medianDoneSeconds }) => spreadText(medianDoneSeconds, figure) },
  { title: 'last done s', cell: ({ lastDoneSeconds }) => spreadText(lastDoneSeconds, figure) },
  { title: 'batches', cell: ({ rounds }) => figure(spreadBy(rounds, ({ batches }) => batches).median) },
];

const mebibytes = ({ median }: Spread): string => String(Math.round(median / 2 ** 20));
