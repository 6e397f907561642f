/**
 * `plain`: what clients of the original protocol cost the receiver, which has to inflate, check, cut and compress again what
 * they send. The frames are made before: JSON arrays of generated entries, at the level such clients use. They are written
 * by this process as fast as the receiver reads; only the receiver is measured.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { atMost, barsText } from '../bars.ts';
import { ensureBuilt } from '../fresh_build.ts';
import { interleave } from '../interleave.ts';
import { plainFrames, type PlainAlgorithm } from '../plain_frames.ts';
import { startReceiver, verifyArchive } from '../product.ts';
import { scratchFolder } from '../scratch_folder.ts';
import { figure, spreadBy, spreadText, thousands, type Spread } from '../statistics.ts';
import { textTable, type Column } from '../table.ts';
import type { Workload } from '../workload.ts';

const ALGORITHMS: Readonly<Record<string, PlainAlgorithm>> = {
  'gzip 6': 'gzip',
  'zlib 6': 'zlib',
  none: 'none',
};

const BAR = { alternative: 'gzip 6', cpuSecondsPerMillion: 2 };

/** Made once, and sent again and again. */
const FRAMES = 2000;

interface Round {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly startCpuSeconds: number;
  readonly peakBytes: number;
  readonly archiveBytes: number;
}

interface Row {
  readonly alternative: string;
  readonly entries: number;
  readonly entriesPerSecond: Spread;
  /** Of the receiver, without its start. */
  readonly cpuSecondsPerMillion: Spread;
  readonly startCpuSeconds: Spread;
  readonly peakBytes: Spread;
  readonly frameBytes: number;
  readonly archiveBytes: Spread;
  readonly rounds: readonly Round[];
}

interface Subject {
  readonly name: string;
  readonly frames: readonly Buffer[];
}

interface Load {
  readonly entries: number;
  readonly clients: number;
  readonly batch: number;
}

export const plain: Workload<'rounds' | 'entries' | 'clients' | 'batch' | 'seed'> = {
  name: 'plain',
  summary: 'clients of the original protocol: what they cost the receiver',
  settings: {
    rounds: { default: 3, modest: 1, help: 'times each is measured' },
    entries: { default: 1_000_000, modest: 200_000, help: 'of all clients together' },
    clients: { default: 2, modest: 2, help: 'at once' },
    batch: { default: 50, modest: 50, help: 'entries in a frame' },
    seed: { default: 1, modest: 1, help: 'of the entries' },
  },
  alternatives: Object.keys(ALGORITHMS),
  async run({ rounds, entries, clients, batch, seed }, context) {
    const { signal, isWanted, progress } = context;
    await ensureBuilt(context);
    const each = Math.max(1, Math.floor(entries / clients / batch));
    const load = { entries: each * clients * batch, clients, batch };
    const count = Math.min(FRAMES, each * clients);
    const subjects: Subject[] = [];
    for (const [name, algorithm] of Object.entries(ALGORITHMS)) {
      if (isWanted(name))
        subjects.push({ name, frames: plainFrames(algorithm, { count, size: batch, seed }) });
    }
    const measured = await interleave(subjects, rounds, (subject, round) => {
      progress(`plain: round ${round} of ${rounds}, ${subject.name}`);
      return measure(subject, load, signal);
    });
    const rows = measured.map(({ alternative, samples }) => rowOf(alternative, load, samples));
    const bars = rows
      .filter(({ alternative }) => alternative === BAR.alternative)
      .map(({ alternative, cpuSecondsPerMillion: { median } }) =>
        atMost(`receiver's CPU for ${alternative}`, median, BAR.cpuSecondsPerMillion, 's/million'),
      );
    const title = `${load.entries} entries in frames of ${batch}, ${clients} clients; median (min..max)`;
    return {
      text: `${title}\n\n${textTable(COLUMNS, rows)}\n${barsText(bars)}`,
      results: { bars, rows },
    };
  },
};

/** The start of the receiver is that of one which takes a single frame. */
async function measure(
  { frames }: Subject,
  { entries, clients, batch }: Load,
  signal: AbortSignal,
): Promise<Round> {
  const start = await receive(frames, 1, 1, batch, signal);
  const whole = await receive(frames, clients, entries / clients / batch, entries, signal);
  return { ...whole, startCpuSeconds: start.cpuSeconds };
}

async function receive(
  frames: readonly Buffer[],
  clients: number,
  framesEach: number,
  entries: number,
  signal: AbortSignal,
): Promise<Omit<Round, 'startCpuSeconds'>> {
  await using scratch = await scratchFolder();
  const dataDir = join(scratch.path, 'data');
  await using receiver = await startReceiver(dataDir, [], signal);
  const startedMs = performance.now();
  await Promise.all(
    Array.from({ length: clients }, (_, n) =>
      send(receiver.port, frames, n * framesEach, framesEach, signal),
    ),
  );
  const wallSeconds = (performance.now() - startedMs) / 1000;
  const { cpuSeconds, peakBytes } = await receiver.stop();
  return { wallSeconds, cpuSeconds, peakBytes, archiveBytes: await verifyArchive(dataDir, entries, signal) };
}

/** Writes frames one by one, from `first` on round and round. The receiver closes when all of it is on disk. */
async function send(
  port: number,
  frames: readonly Buffer[],
  first: number,
  count: number,
  signal: AbortSignal,
): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const closed = once(socket.resume(), 'close', { signal });
  closed.catch(() => undefined);
  for (let sent = 0; sent < count; sent += 1) {
    const frame = frames[(first + sent) % frames.length] as Buffer;
    if (!socket.write(frame)) await once(socket, 'drain', { signal });
  }
  socket.end();
  await closed;
}

function rowOf({ name, frames }: Subject, { entries }: Load, rounds: readonly Round[]): Row {
  const startCpuSeconds = spreadBy(rounds, (round) => round.startCpuSeconds);
  return {
    alternative: name,
    entries,
    entriesPerSecond: spreadBy(rounds, ({ wallSeconds }) => entries / wallSeconds),
    cpuSecondsPerMillion: spreadBy(
      rounds,
      ({ cpuSeconds }) => ((cpuSeconds - startCpuSeconds.median) / entries) * 1e6,
    ),
    startCpuSeconds,
    peakBytes: spreadBy(rounds, ({ peakBytes }) => peakBytes),
    frameBytes: Math.round(frames.reduce((sum, { length }) => sum + length, 0) / frames.length),
    archiveBytes: spreadBy(rounds, ({ archiveBytes }) => archiveBytes),
    rounds,
  };
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'frames', cell: ({ alternative }) => alternative },
  { title: 'entries/s', cell: ({ entriesPerSecond }) => spreadText(entriesPerSecond, thousands) },
  {
    title: 'receiver CPU s/million',
    cell: ({ cpuSecondsPerMillion }) => spreadText(cpuSecondsPerMillion, figure),
  },
  { title: 'its start s', cell: ({ startCpuSeconds }) => figure(startCpuSeconds.median) },
  { title: 'peak MiB', cell: ({ peakBytes }) => String(Math.round(peakBytes.median / 2 ** 20)) },
  { title: 'bytes a frame', cell: ({ frameBytes }) => String(frameBytes) },
  { title: 'archive MB', cell: ({ archiveBytes }) => figure(archiveBytes.median / 1e6) },
];
