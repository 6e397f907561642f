/**
 * `ship`: a file through both programs. A receiver with an empty archive is up; a shipper starts, sends the file, has
 * every entry acknowledged (which is: fsynced) and exits. Then the receiver ends, and `verify` reads the archive.
 */
import { join } from 'node:path';
import { ensureBuilt } from '../fresh_build.ts';
import { interleave } from '../interleave.ts';
import { writeLogFile } from '../log_lines.ts';
import { scratchFolder } from '../scratch_folder.ts';
import { cpuPerMillion, shipOnce, type Shipment } from '../shipment.ts';
import { figure, spreadBy, spreadText, thousands, type Spread } from '../statistics.ts';
import { textTable, type Column } from '../table.ts';
import type { Workload } from '../workload.ts';

interface Variant {
  readonly name: string;
  readonly shipper: readonly string[];
  readonly receiver: readonly string[];
}

const compression = (algorithm: string, level: number): string[] => [
  '--compression-algorithm',
  algorithm,
  '--compression-level',
  String(level),
];

const VARIANTS: readonly Variant[] = [
  { name: 'gzip 1', shipper: compression('gzip', 1), receiver: [] },
  { name: 'gzip 6', shipper: compression('gzip', 6), receiver: [] },
  { name: 'zlib 1', shipper: compression('zlib', 1), receiver: [] },
  { name: 'zstd 1', shipper: compression('zstd', 1), receiver: ['--archive-format', 'zstd'] },
  { name: 'none', shipper: ['--compression-enabled', 'false'], receiver: [] },
];

/** What one entry costs: the start and the end of both programs. */
interface StartUp {
  readonly shipperCpuSeconds: Spread;
  readonly receiverCpuSeconds: Spread;
}

interface Row {
  readonly alternative: string;
  readonly entries: number;
  /** From the shipper's start to its exit. */
  readonly entriesPerSecond: Spread;
  readonly wallSeconds: Spread;
  readonly cpuSecondsPerMillion: {
    readonly shipper: Spread;
    readonly receiver: Spread;
    readonly both: Spread;
  };
  readonly peakBytes: { readonly shipper: Spread; readonly receiver: Spread };
  readonly wireBytes: Spread;
  readonly archiveBytes: Spread;
  readonly rounds: readonly Shipment[];
}

export const ship: Workload<'rounds' | 'entries' | 'seed'> = {
  name: 'ship',
  summary:
    'a file from a shipper to a receiver, two processes: entries/s, CPU, memory, bytes; the archive verified',
  settings: {
    rounds: { default: 3, modest: 2, help: 'times each is measured' },
    entries: { default: 500_000, modest: 300_000, help: 'JSON lines of about 213 bytes in the file' },
    seed: { default: 1, modest: 1, help: 'of the lines' },
  },
  alternatives: VARIANTS.map(({ name }) => name),
  async run({ rounds, entries, seed }, context) {
    const { signal, isWanted, progress } = context;
    await ensureBuilt(context);
    await using scratch = await scratchFolder();
    const path = join(scratch.path, 'logs.jsonl');
    const bytes = await writeLogFile(path, entries, seed, signal);
    const onePath = join(scratch.path, 'one.jsonl');
    await writeLogFile(onePath, 1, seed);
    const startUps: Shipment[] = [];
    const wanted = VARIANTS.filter(({ name }) => isWanted(name));
    const measured = await interleave(wanted, rounds, async (variant, round) => {
      progress(`ship: round ${round} of ${rounds}, ${variant.name}`);
      if (variant === wanted[0]) startUps.push(await measure(variant, onePath, 1, signal));
      return measure(variant, path, entries, signal);
    });
    const rows = measured.map(({ alternative: { name }, samples }) => rowOf(name, entries, samples));
    const startUp = startUpOf(startUps);
    const title = `${entries} entries, ${figure(bytes / 1e6)} MB; median (min..max)`;
    return {
      text: `${title}\n\n${textTable(COLUMNS, rows)}\n${startUpText(startUp, entries)}`,
      results: { startUp, rows },
    };
  },
};

function measure(variant: Variant, path: string, entries: number, signal: AbortSignal): Promise<Shipment> {
  const { shipper: shipperFlags, receiver: receiverFlags } = variant;
  return shipOnce({ command: ['send', path], shipperFlags, receiverFlags, entries }, signal);
}

function rowOf(alternative: string, entries: number, rounds: readonly Shipment[]): Row {
  const perMillion = (of: (round: Shipment) => number): Spread =>
    spreadBy(rounds, (round) => (of(round) / entries) * 1e6);
  return {
    alternative,
    entries,
    entriesPerSecond: spreadBy(rounds, ({ wallSeconds }) => entries / wallSeconds),
    wallSeconds: spreadBy(rounds, ({ wallSeconds }) => wallSeconds),
    cpuSecondsPerMillion: {
      shipper: perMillion(({ shipperCpuSeconds }) => shipperCpuSeconds),
      receiver: perMillion(({ receiverCpuSeconds }) => receiverCpuSeconds),
      both: spreadBy(rounds, cpuPerMillion),
    },
    peakBytes: {
      shipper: spreadBy(rounds, ({ shipperPeakBytes }) => shipperPeakBytes),
      receiver: spreadBy(rounds, ({ receiverPeakBytes }) => receiverPeakBytes),
    },
    wireBytes: spreadBy(rounds, ({ wireBytes }) => wireBytes),
    archiveBytes: spreadBy(rounds, ({ archiveBytes }) => archiveBytes),
    rounds,
  };
}

function startUpOf(rounds: readonly Shipment[]): StartUp {
  return {
    shipperCpuSeconds: spreadBy(rounds, ({ shipperCpuSeconds }) => shipperCpuSeconds),
    receiverCpuSeconds: spreadBy(rounds, ({ receiverCpuSeconds }) => receiverCpuSeconds),
  };
}

function startUpText({ shipperCpuSeconds, receiverCpuSeconds }: StartUp, entries: number): string {
  const both = shipperCpuSeconds.median + receiverCpuSeconds.median;
  const each = `shipper ${figure(shipperCpuSeconds.median)} s, receiver ${figure(receiverCpuSeconds.median)} s`;
  return `Starting and ending both programs is part of the CPU: ${each}, ${figure((both / entries) * 1e6)} s/million at this size.\n`;
}

const megabytes = ({ median }: Spread): string => figure(median / 1e6);
const mebibytes = ({ median }: Spread): string => String(Math.round(median / 2 ** 20));

const COLUMNS: readonly Column<Row>[] = [
  { title: 'variant', cell: ({ alternative }) => alternative },
  { title: 'entries/s', cell: ({ entriesPerSecond }) => spreadText(entriesPerSecond, thousands) },
  { title: 'wall s', cell: ({ wallSeconds }) => figure(wallSeconds.median) },
  { title: 'CPU s/million', cell: ({ cpuSecondsPerMillion: { both } }) => spreadText(both, figure) },
  { title: 'shipper', cell: ({ cpuSecondsPerMillion: { shipper } }) => figure(shipper.median) },
  { title: 'receiver', cell: ({ cpuSecondsPerMillion: { receiver } }) => figure(receiver.median) },
  {
    title: 'peak MiB',
    cell: ({ peakBytes: { shipper, receiver } }) => `${mebibytes(shipper)} / ${mebibytes(receiver)}`,
  },
  { title: 'wire MB', cell: ({ wireBytes }) => megabytes(wireBytes) },
  { title: 'archive MB', cell: ({ archiveBytes }) => megabytes(archiveBytes) },
];
