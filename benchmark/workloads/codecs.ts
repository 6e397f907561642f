/**
 * `codecs`: what each algorithm and level costs and gains on batches of the product's generated entries, through
 * compress and decompress as the product calls them, one batch after the other. Rates are per second of CPU, thread pool
 * included: they hold still when the machine is shared. By the clock they are in the JSON.
 */
import { generator } from '../../src/shipper/sources/generator.ts';
import { compress, decompress } from '../../src/wire/codecs.ts';
import type { Algorithm } from '../../src/wire/frame.ts';
import { interleave } from '../interleave.ts';
import { figure, spreadBy, spreadText, thousands, type Spread } from '../statistics.ts';
import { textTable, type Column } from '../table.ts';
import type { Context, Workload } from '../workload.ts';

interface Codec {
  readonly name: string;
  readonly algorithm: Algorithm;
  readonly level: number;
}

const CODECS: readonly Codec[] = [
  { name: 'none', algorithm: 'none', level: 0 },
  ...levels('gzip', [1, 3, 6, 9]),
  ...levels('zlib', [1, 3, 6, 9]),
  ...levels('zstd', [1, 3, 6]),
];

const BATCH_ENTRIES = [50, 500, 5000];
const GENERATED_AT_MS = Date.UTC(2026, 0, 1);

interface Cost {
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
}

interface Sample {
  readonly bytes: number;
  readonly compress: Cost;
  readonly decompress: Cost;
}

interface Rates {
  readonly mbPerCpuSecond: Spread;
  readonly entriesPerCpuSecond: Spread;
  readonly mbPerSecond: Spread;
  readonly entriesPerSecond: Spread;
}

interface Row {
  readonly alternative: string;
  readonly algorithm: Algorithm;
  readonly level: number;
  readonly batchEntries: number;
  readonly batchBytes: number;
  readonly ratio: number;
  /** Null where nothing is done. */
  readonly compress: Rates | null;
  readonly decompress: Rates | null;
}

export const codecs: Workload<'rounds' | 'entries' | 'seed'> = {
  name: 'codecs',
  summary: 'compression: ratio and speed by algorithm, level and batch size',
  settings: {
    rounds: { default: 7, modest: 3, help: 'times each is measured' },
    entries: {
      default: 20_000,
      modest: 20_000,
      help: 'entries compressed each time, in as many batches as they make',
    },
    seed: { default: 1, modest: 1, help: 'of the entries' },
  },
  alternatives: CODECS.map(({ name }) => name),
  async run({ rounds, entries, seed }, context) {
    const lines = await generate(entries, seed);
    const rows: Row[] = [];
    for (const batchEntries of BATCH_ENTRIES) {
      context.progress(`codecs: batches of ${batchEntries} entries, ${rounds} rounds`);
      rows.push(
        ...(await compare(inBatches(lines, batchEntries), lines.length, batchEntries, rounds, context)),
      );
    }
    return { text: tables(rows), results: { rows } };
  },
};

function levels(algorithm: Algorithm, numbers: readonly number[]): Codec[] {
  return numbers.map((level) => ({ name: `${algorithm} ${level}`, algorithm, level }));
}

/** `count` lines of the project's generator, each with its newline. */
async function generate(count: number, seed: number): Promise<string[]> {
  const source = generator({ rate: 0, runTimeMs: 0, seed, now: () => GENERATED_AT_MS });
  const lines: string[] = [];
  for await (const chunk of source.read({}, new AbortController().signal)) {
    lines.push(...chunk.lines.bytes.toString().split(/(?<=\n)/));
    if (lines.length >= count) break;
  }
  return lines.slice(0, count);
}

function inBatches(lines: readonly string[], size: number): Buffer[] {
  const count = Math.ceil(lines.length / size);
  return Array.from({ length: count }, (_, index) =>
    Buffer.from(lines.slice(index * size, (index + 1) * size).join('')),
  );
}

async function compare(
  batches: readonly Buffer[],
  entries: number,
  batchEntries: number,
  rounds: number,
  context: Context,
): Promise<Row[]> {
  const rawBytes = batches.reduce((sum, { length }) => sum + length, 0);
  const wanted = CODECS.filter(({ name }) => context.isWanted(name));
  const measured = await interleave(wanted, rounds, (codec) => {
    context.signal.throwIfAborted();
    return measure(batches, codec);
  });
  return measured.map(({ alternative: { name, algorithm, level }, samples }) => {
    const rates = (of: 'compress' | 'decompress'): Rates | null =>
      algorithm === 'none'
        ? null
        : ratesOf(
            samples.map((sample) => sample[of]),
            rawBytes,
            entries,
          );
    return {
      alternative: name,
      algorithm,
      level,
      batchEntries,
      batchBytes: Math.round(rawBytes / batches.length),
      ratio: rawBytes / (samples[0]?.bytes ?? rawBytes),
      compress: rates('compress'),
      decompress: rates('decompress'),
    };
  });
}

async function measure(batches: readonly Buffer[], { name, algorithm, level }: Codec): Promise<Sample> {
  const packed: Buffer[] = [];
  const compressing = await costOf(async () => {
    for (const raw of batches) packed.push(await compress(algorithm, raw, level));
  });
  const unpacked: Buffer[] = [];
  const decompressing = await costOf(async () => {
    for (const [index, bytes] of packed.entries()) {
      const expectedBytes = batches[index]?.length ?? 0;
      unpacked.push(await decompress(algorithm, bytes, { maxBytes: expectedBytes, expectedBytes }));
    }
  });
  if (!batches.every((raw, index) => unpacked[index]?.equals(raw)))
    throw new Error(`${name} does not give back what it was given`);
  return {
    bytes: packed.reduce((sum, { length }) => sum + length, 0),
    compress: compressing,
    decompress: decompressing,
  };
}

async function costOf(work: () => Promise<void>): Promise<Cost> {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { cpuSeconds: (user + system) / 1e6, wallSeconds: (performance.now() - startedAt) / 1000 };
}

function ratesOf(costs: readonly Cost[], bytes: number, entries: number): Rates {
  return {
    mbPerCpuSecond: spreadBy(costs, ({ cpuSeconds }) => bytes / 1e6 / cpuSeconds),
    entriesPerCpuSecond: spreadBy(costs, ({ cpuSeconds }) => entries / cpuSeconds),
    mbPerSecond: spreadBy(costs, ({ wallSeconds }) => bytes / 1e6 / wallSeconds),
    entriesPerSecond: spreadBy(costs, ({ wallSeconds }) => entries / wallSeconds),
  };
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'codec', cell: ({ alternative }) => alternative },
  { title: 'ratio', cell: ({ ratio }) => ratio.toFixed(2) },
  { title: 'compress MB/s', cell: ({ compress: rates }) => shown(rates?.mbPerCpuSecond, figure) },
  { title: 'entries/s', cell: ({ compress: rates }) => shown(rates?.entriesPerCpuSecond, thousands) },
  { title: 'decompress MB/s', cell: ({ decompress: rates }) => shown(rates?.mbPerCpuSecond, figure) },
  { title: 'entries/s', cell: ({ decompress: rates }) => shown(rates?.entriesPerCpuSecond, thousands) },
];

const shown = (spread: Spread | undefined, show: (value: number) => string): string =>
  spread === undefined ? '-' : spreadText(spread, show);

function tables(rows: readonly Row[]): string {
  const groups = Map.groupBy(rows, ({ batchEntries }) => batchEntries);
  const texts = [...groups].map(([size, group]) => {
    const title = `Batches of ${size} entries (${group[0]?.batchBytes ?? 0} bytes); per second of CPU, median (min..max)`;
    return `${title}\n\n${textTable(COLUMNS, group)}`;
  });
  return texts.join('\n');
}
