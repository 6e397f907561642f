/**
 * `codecs`: what each algorithm and level costs and gains on batches of the product's generated entries, through
 * compress and decompress as the product calls them, one batch after the other. Rates are per second of CPU, thread pool
 * included: they hold still when the machine is shared. By the clock they are in the JSON.
 */
import { compress, decompress } from '../../src/wire/codecs.ts';
import type { Algorithm } from '../../src/wire/frame.ts';
import { generatedEntries, inBatches } from '../generated_batches.ts';
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

interface Cost {
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
}

/** A codec with its work. */
interface Subject {
  readonly codec: Codec;
  readonly batches: readonly Buffer[];
  readonly packed: readonly Buffer[];
}

interface Sample {
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
      default: 60_000,
      modest: 20_000,
      help: 'entries compressed each time, in as many batches as they make',
    },
    seed: { default: 1, modest: 1, help: 'of the entries' },
  },
  alternatives: CODECS.map(({ name }) => name),
  async run({ rounds, entries, seed }, context) {
    const bytes = await generatedEntries(entries, seed);
    const rows: Row[] = [];
    for (const batchEntries of BATCH_ENTRIES) {
      context.progress(`codecs: batches of ${batchEntries} entries, ${rounds} rounds`);
      rows.push(...(await compare(inBatches(bytes, batchEntries), entries, batchEntries, rounds, context)));
    }
    return { text: tables(rows), results: { rows } };
  },
};

function levels(algorithm: Algorithm, numbers: readonly number[]): Codec[] {
  return numbers.map((level) => ({ name: `${algorithm} ${level}`, algorithm, level }));
}

async function compare(
  batches: readonly Buffer[],
  entries: number,
  batchEntries: number,
  rounds: number,
  { signal, isWanted }: Context,
): Promise<Row[]> {
  const rawBytes = sizeOf(batches);
  const subjects: Subject[] = [];
  for (const codec of CODECS)
    if (isWanted(codec.name)) subjects.push({ codec, batches, packed: await packedOf(batches, codec) });
  const measured = await interleave(subjects, rounds, (subject) => {
    signal.throwIfAborted();
    return measure(subject);
  });
  return measured.map(({ alternative: { codec, packed }, samples }) => {
    const { name, algorithm, level } = codec;
    const rates = (of: keyof Sample): Rates | null =>
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
      ratio: rawBytes / sizeOf(packed),
      compress: rates('compress'),
      decompress: rates('decompress'),
    };
  });
}

/** The batches compressed, each in a buffer of its own size. Throws where one does not come back as it was. */
async function packedOf(batches: readonly Buffer[], { name, algorithm, level }: Codec): Promise<Buffer[]> {
  const packed: Buffer[] = [];
  for (const raw of batches) {
    const bytes = Buffer.from(await compress(algorithm, raw, level));
    if (!(await unpack(algorithm, bytes, raw)).equals(raw))
      throw new Error(`${name} does not give back what it was given`);
    packed.push(bytes);
  }
  return packed;
}

const unpack = (algorithm: Algorithm, bytes: Buffer, { length }: Buffer): Promise<Buffer> =>
  decompress(algorithm, bytes, { maxBytes: length, expectedBytes: length });

/** Results are let go of as in the product: to keep them would measure how the system hands out fresh memory. */
async function measure({ codec: { algorithm, level }, batches, packed }: Subject): Promise<Sample> {
  const compressing = await costOf(async () => {
    for (const raw of batches) await compress(algorithm, raw, level);
  });
  const decompressing = await costOf(async () => {
    for (const [index, raw] of batches.entries()) await unpack(algorithm, packed[index] ?? raw, raw);
  });
  return { compress: compressing, decompress: decompressing };
}

const sizeOf = (buffers: readonly Buffer[]): number => buffers.reduce((sum, { length }) => sum + length, 0);

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
