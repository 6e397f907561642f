/**
 * `start`: from nothing to at work. A receiver with an empty archive, from the start of its process until it has said where
 * it listens and a connection to it is accepted; a shipper, from the start of its process to its end, with one line to ship.
 * The programs' files are in the system's cache after the first round; nothing of ours is. bash, which takes the time, is
 * in it with a few milliseconds.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { atMost, barsText } from '../bars.ts';
import { ensureBuilt } from '../fresh_build.ts';
import { writeLogFile } from '../log_lines.ts';
import { residentBytesOf } from '../process_readings.ts';
import { runShipper, shipperCommand, startReceiver } from '../product.ts';
import { scratchFolder } from '../scratch_folder.ts';
import { figure, spreadBy, spreadText, type Spread } from '../statistics.ts';
import { textTable, type Column } from '../table.ts';
import type { Workload } from '../workload.ts';

const STARTS = ['receiver listens', 'shipper is done'] as const;
type Start = (typeof STARTS)[number];

interface Sample {
  readonly ms: number;
  readonly bytes: number;
}

type Round = Readonly<Record<Start, Sample>>;

interface Row {
  readonly alternative: Start;
  readonly ms: Spread;
  /** Of the receiver that listens, resident; of the shipper its peak. */
  readonly bytes: Spread;
}

const BAR_MS = 250;

export const start: Workload<'rounds'> = {
  name: 'start',
  summary: 'milliseconds until a receiver listens, and for a shipper with one line',
  settings: { rounds: { default: 15, modest: 5, help: 'times each is measured' } },
  alternatives: STARTS,
  async run({ rounds }, context) {
    const { signal, isWanted, progress } = context;
    await ensureBuilt(context);
    await using scratch = await scratchFolder();
    const path = join(scratch.path, 'one.jsonl');
    await writeLogFile(path, 1);
    progress(`start: ${rounds} rounds`);
    const measured: Round[] = [];
    for (let round = 1; round <= rounds; round += 1) measured.push(await measure(path, signal));
    const rows = STARTS.filter(isWanted).map((of) => rowOf(of, measured));
    const bars = rows
      .filter(({ alternative }) => alternative === 'receiver listens')
      .map(({ alternative, ms }) => atMost(alternative, ms.median, BAR_MS, 'ms'));
    const title = `${rounds} starts; median (min..max)`;
    return {
      text: `${title}\n\n${textTable(COLUMNS, rows)}\n${barsText(bars)}`,
      results: { bars, rows },
    };
  },
};

async function measure(path: string, signal: AbortSignal): Promise<Round> {
  await using scratch = await scratchFolder();
  const startedMs = performance.now();
  await using receiver = await startReceiver(join(scratch.path, 'data'), [], signal);
  const socket = connect(receiver.port, '127.0.0.1');
  await once(socket, 'connect', { signal });
  const ms = performance.now() - startedMs;
  socket.end().resume();
  const bytes = await residentBytesOf(receiver.process.pid);
  const flags = ['--state-dir', join(scratch.path, 'state')];
  const { usage } = await runShipper(shipperCommand(['send', path], receiver.port, flags), signal);
  await receiver.stop();
  return {
    'receiver listens': { ms, bytes },
    'shipper is done': { ms: usage.wallSeconds * 1000, bytes: usage.peakBytes },
  };
}

const rowOf = (of: Start, rounds: readonly Round[]): Row => ({
  alternative: of,
  ms: spreadBy(rounds, (round) => round[of].ms),
  bytes: spreadBy(rounds, (round) => round[of].bytes),
});

const COLUMNS: readonly Column<Row>[] = [
  { title: 'start', cell: ({ alternative }) => alternative },
  { title: 'ms', cell: ({ ms }) => spreadText(ms, figure) },
  { title: 'memory MiB', cell: ({ bytes }) => spreadText(bytes, mebibytes) },
];

const mebibytes = (bytes: number): string => figure(bytes / 2 ** 20);
