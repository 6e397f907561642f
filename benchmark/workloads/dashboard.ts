/**
 * `dashboard`: what pages that are open cost a receiver at full load. A file is shipped as fast as it goes, to a receiver
 * without a dashboard, with one that nobody looks at, and with one that fifty pages are open on. The pages are connections
 * of this process, which only counts what it is sent.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../test/helpers/free_port.ts';
import { atMost, barsText, type Bar } from '../bars.ts';
import { ensureBuilt } from '../fresh_build.ts';
import { interleave } from '../interleave.ts';
import { writeLogFile } from '../log_lines.ts';
import { cpuSecondsOf } from '../process_readings.ts';
import { shipFile, startReceiver, verifyArchive } from '../product.ts';
import { scratchFolder } from '../scratch_folder.ts';
import { figure, spreadBy, spreadText, thousands, type Spread } from '../statistics.ts';
import { textTable, type Column } from '../table.ts';
import type { Workload } from '../workload.ts';

const ALTERNATIVES = [
  { name: 'none', isEnabled: false, isWatched: false },
  { name: 'nobody looks', isEnabled: true, isWatched: false },
  { name: 'watched', isEnabled: true, isWatched: true },
] as const;

type Alternative = (typeof ALTERNATIVES)[number];

const MOST_COST_PERCENT = 5;

interface Round {
  readonly wallSeconds: number;
  readonly entriesPerSecond: number;
  readonly receiverCpuSecondsPerMillion: number;
  /** What a page was sent. */
  readonly bytesPerViewer: number;
}

interface Row {
  readonly alternative: string;
  readonly wallSeconds: Spread;
  readonly entriesPerSecond: Spread;
  readonly receiverCpuSecondsPerMillion: Spread;
  readonly bytesPerViewer: Spread;
}

interface Sizes {
  readonly entries: number;
  readonly viewers: number;
}

export const dashboard: Workload<'rounds' | 'entries' | 'viewers'> = {
  name: 'dashboard',
  summary: 'what open pages of the dashboard cost a receiver at full load',
  settings: {
    rounds: { default: 7, modest: 1, help: 'times each is measured' },
    entries: { default: 1_000_000, modest: 300_000, help: 'JSON lines of about 213 bytes in the file' },
    viewers: { default: 50, modest: 50, help: 'pages that are open' },
  },
  alternatives: ALTERNATIVES.map(({ name }) => name),
  async run({ rounds, entries, viewers }, context) {
    const { signal, isWanted, progress } = context;
    await ensureBuilt(context);
    await using scratch = await scratchFolder();
    const path = join(scratch.path, 'logs.jsonl');
    await writeLogFile(path, entries, 1, signal);
    const wanted = ALTERNATIVES.filter(({ name }) => isWanted(name));
    const measured = await interleave(wanted, rounds, (alternative, round) => {
      progress(`dashboard: round ${round} of ${rounds}, ${alternative.name}`);
      return measure(alternative, path, { entries, viewers }, signal);
    });
    const rows = measured.map(({ alternative, samples }) => rowOf(alternative.name, samples));
    const bars = barsOf(rows, entries);
    const title = `${entries} entries, gzip 1, ${viewers} pages where it is watched; median (min..max)`;
    return { text: `${title}\n\n${textTable(COLUMNS, rows)}\n${barsText(bars)}`, results: { bars, rows } };
  },
};

async function measure(
  { isEnabled, isWatched }: Alternative,
  path: string,
  { entries, viewers }: Sizes,
  signal: AbortSignal,
): Promise<Round> {
  await using scratch = await scratchFolder();
  const dataDir = join(scratch.path, 'data');
  const port = await freePort();
  const flags = isEnabled ? ['--dashboard-enabled', 'true', '--dashboard-port', String(port)] : [];
  await using receiver = await startReceiver(dataDir, flags, signal);
  const pages = await Promise.all(Array.from({ length: isWatched ? viewers : 0 }, () => openPage(port)));
  const shipperFlags = ['--compression-level', '1', '--state-dir', join(scratch.path, 'state')];
  const before = await cpuSecondsOf(receiver.process.pid);
  const { usage } = await shipFile(path, receiver.port, shipperFlags, signal);
  const cpuSeconds = (await cpuSecondsOf(receiver.process.pid)) - before;
  const bytesPerViewer = pages.reduce((sum, page) => sum + page.bytesRead, 0) / Math.max(1, pages.length);
  for (const page of pages) page.destroy();
  await receiver.stop();
  await verifyArchive(dataDir, entries, signal);
  return {
    wallSeconds: usage.wallSeconds,
    entriesPerSecond: entries / usage.wallSeconds,
    receiverCpuSecondsPerMillion: (cpuSeconds / entries) * 1e6,
    bytesPerViewer,
  };
}

/** A page that is open, and that has got what the thread behind it knows. */
async function openPage(port: number): Promise<Socket> {
  const page = connect(port, '127.0.0.1');
  page.write('GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
  for (let got = ''; !got.includes('event: insight');) {
    const [bytes] = (await once(page, 'data')) as [Buffer];
    got += bytes.toString();
  }
  return page.resume();
}

const rowOf = (alternative: string, rounds: readonly Round[]): Row => ({
  alternative,
  wallSeconds: spreadBy(rounds, (round) => round.wallSeconds),
  entriesPerSecond: spreadBy(rounds, (round) => round.entriesPerSecond),
  receiverCpuSecondsPerMillion: spreadBy(rounds, (round) => round.receiverCpuSecondsPerMillion),
  bytesPerViewer: spreadBy(rounds, (round) => round.bytesPerViewer),
});

/** Entries/s move by half on a machine that is shared; the share of its processors hardly does, and says the same. */
function barsOf(rows: readonly Row[], entries: number): Bar[] {
  const rowNamed = (name: Alternative['name']): Row | undefined =>
    rows.find(({ alternative }) => alternative === name);
  const [without, watched] = [rowNamed('none'), rowNamed('watched')];
  if (without === undefined || watched === undefined) return [];
  const cpuSeconds = ({ receiverCpuSecondsPerMillion: { median } }: Row): number => (median * entries) / 1e6;
  const processorSeconds = watched.wallSeconds.median * availableParallelism();
  const share = (cpuSeconds(watched) - cpuSeconds(without)) / processorSeconds;
  const cost = 1 - watched.entriesPerSecond.median / without.entriesPerSecond.median;
  return [
    atMost('entries/s that open pages cost', 100 * cost, MOST_COST_PERCENT, '%'),
    atMost('processors that open pages take', 100 * share, MOST_COST_PERCENT, '%'),
  ];
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'dashboard', cell: ({ alternative }) => alternative },
  { title: 'entries/s', cell: ({ entriesPerSecond }) => spreadText(entriesPerSecond, thousands) },
  {
    title: 'receiver CPU s/million',
    cell: ({ receiverCpuSecondsPerMillion }) => spreadText(receiverCpuSecondsPerMillion, figure),
  },
  { title: 'kB sent to a page', cell: ({ bytesPerViewer }) => figure(bytesPerViewer.median / 1000) },
];
