/**
 * `generate`: does the product ship what it makes up as cheaply as what it reads? `logferry generate` with LOG_RATE=0 and
 * every other option at its default, beside `logferry send` of a file of the generator's entries, beside the generator
 * alone. What is left of the first without the third is to be near the second.
 */
import { join } from 'node:path';
import { atMost, barsText, type Bar } from '../bars.ts';
import { ensureBuilt } from '../fresh_build.ts';
import { writeGenerated, type GenerationCost } from '../generation_cost.ts';
import { interleave } from '../interleave.ts';
import { startProcess } from '../measured_process.ts';
import { succeeded } from '../product.ts';
import { scratchFolder } from '../scratch_folder.ts';
import { shipOnce } from '../shipment.ts';
import { figure, spreadBy, spreadText, thousands, type Spread } from '../statistics.ts';
import { textTable, type Column } from '../table.ts';
import type { Workload } from '../workload.ts';

const ALTERNATIVES = ['generator', 'file', 'generator alone'] as const;
type Alternative = (typeof ALTERNATIVES)[number];

interface Round {
  readonly entries: number;
  readonly wallSeconds: number;
  readonly shipperCpuSeconds: number;
  readonly receiverCpuSeconds: number;
  readonly batches: number;
}

interface Row {
  readonly alternative: Alternative;
  readonly entriesPerSecond: Spread;
  readonly cpuSecondsPerMillion: {
    readonly shipper: Spread;
    readonly receiver: Spread;
    readonly both: Spread;
  };
  readonly rounds: readonly Round[];
}

const MORE_PERCENT = 25;

interface Work {
  readonly path: string;
  readonly entries: number;
  readonly seed: number;
}

export const generate: Workload<'rounds' | 'entries' | 'seed'> = {
  name: 'generate',
  summary: "the generator's entries at full speed, beside the same from a file",
  settings: {
    rounds: { default: 3, modest: 1, help: 'times each is measured' },
    entries: { default: 2_000_000, modest: 300_000, help: 'made up, and in the file' },
    seed: { default: 1, modest: 1, help: 'of the entries' },
  },
  alternatives: ALTERNATIVES,
  async run({ rounds, entries, seed }, context) {
    const { signal, isWanted, progress } = context;
    await ensureBuilt(context);
    await using scratch = await scratchFolder();
    const path = join(scratch.path, 'generated.jsonl');
    await writeGenerated(path, entries, seed, signal);
    const measured = await interleave(ALTERNATIVES.filter(isWanted), rounds, (alternative, round) => {
      progress(`generate: round ${round} of ${rounds}, ${alternative}`);
      return MEASURE[alternative]({ path, entries, seed }, signal);
    });
    const rows = measured.map(({ alternative, samples }) => rowOf(alternative, samples));
    const bars = barsOf(rows);
    const title = `${entries} entries; options at their defaults; median (min..max)`;
    return {
      text: `${title}\n\n${textTable(COLUMNS, rows)}\n${barsText(bars)}`,
      results: { bars, rows },
    };
  },
};

const MEASURE: Readonly<Record<Alternative, (work: Work, signal: AbortSignal) => Promise<Round>>> = {
  generator: ({ entries, seed }, signal) => {
    const flags = ['--log-rate', '0', '--generate-count', String(entries), '--seed', String(seed)];
    return shipOnce({ command: ['generate'], shipperFlags: flags, entries }, signal);
  },
  file: ({ path, entries }, signal) => shipOnce({ command: ['send', path], entries }, signal),
  'generator alone': async ({ entries, seed }, signal) => {
    const script = join(import.meta.dirname, '..', 'generation_cost.ts');
    await using alone = await startProcess([process.execPath, script, String(entries), String(seed)], signal);
    const { stdout } = succeeded('the generator alone', await alone.finished, signal);
    const { cpuSeconds, wallSeconds, ...made } = JSON.parse(stdout) as GenerationCost;
    return { ...made, wallSeconds, shipperCpuSeconds: cpuSeconds, receiverCpuSeconds: 0, batches: 0 };
  },
};

function rowOf(alternative: Alternative, rounds: readonly Round[]): Row {
  const perMillion = (of: (round: Round) => number): Spread =>
    spreadBy(rounds, (round) => (of(round) / round.entries) * 1e6);
  return {
    alternative,
    entriesPerSecond: spreadBy(rounds, ({ entries, wallSeconds }) => entries / wallSeconds),
    cpuSecondsPerMillion: {
      shipper: perMillion(({ shipperCpuSeconds }) => shipperCpuSeconds),
      receiver: perMillion(({ receiverCpuSeconds }) => receiverCpuSeconds),
      both: perMillion(({ shipperCpuSeconds, receiverCpuSeconds }) => shipperCpuSeconds + receiverCpuSeconds),
    },
    rounds,
  };
}

function barsOf(rows: readonly Row[]): Bar[] {
  const [generator, file, alone] = ALTERNATIVES.map(
    (name) => rows.find(({ alternative }) => alternative === name)?.cpuSecondsPerMillion.both.median,
  );
  if (generator === undefined || file === undefined || alone === undefined) return [];
  const more = ((generator - alone) / file - 1) * 100;
  return [atMost('generated, less the generator alone, beside the file, CPU', more, MORE_PERCENT, '% more')];
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'entries from', cell: ({ alternative }) => alternative },
  { title: 'entries/s', cell: ({ entriesPerSecond }) => spreadText(entriesPerSecond, thousands) },
  { title: 'CPU s/million', cell: ({ cpuSecondsPerMillion: { both } }) => spreadText(both, figure) },
  { title: 'shipper', cell: ({ cpuSecondsPerMillion: { shipper } }) => figure(shipper.median) },
  { title: 'receiver', cell: ({ cpuSecondsPerMillion: { receiver } }) => figure(receiver.median) },
  {
    title: 'entries a batch',
    cell: ({ rounds }) =>
      rounds[0]?.batches === 0
        ? '-'
        : figure(spreadBy(rounds, ({ entries, batches }) => entries / batches).median),
  },
];
