/**
 * `idle`: what both programs cost while nothing happens. A receiver listens, with one shipper connected, whose standard
 * input is open and silent. After a second for what goes on behind a start, CPU time and memory are read, and read again
 * some seconds later.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { atMost, barsText } from '../bars.ts';
import { ensureBuilt } from '../fresh_build.ts';
import { startProcess } from '../measured_process.ts';
import { cpuSecondsOf, residentBytesOf } from '../process_readings.ts';
import { shipperCommand, startReceiver } from '../product.ts';
import { saidBy } from '../said_by.ts';
import { scratchFolder } from '../scratch_folder.ts';
import { figure, spreadBy, spreadText, type Spread } from '../statistics.ts';
import { textTable, type Column } from '../table.ts';
import type { Workload } from '../workload.ts';

const PROGRAMS = ['receiver', 'shipper'] as const;
type Program = (typeof PROGRAMS)[number];

interface Reading {
  /** Of one core. */
  readonly cpuPercent: number;
  /** At the end. */
  readonly residentBytes: number;
}

type Round = Readonly<Record<Program, Reading>>;

interface Row {
  readonly alternative: Program;
  readonly cpuPercent: Spread;
  readonly residentBytes: Spread;
}

const SETTLE_MS = 1000;

export const idle: Workload<'rounds' | 'seconds'> = {
  name: 'idle',
  summary: 'CPU and memory of a receiver and a shipper that have nothing to do',
  settings: {
    rounds: { default: 3, modest: 1, help: 'times it is measured' },
    seconds: { default: 20, modest: 3, help: 'how long they idle' },
  },
  alternatives: PROGRAMS,
  async run({ rounds, seconds }, context) {
    const { signal, isWanted, progress } = context;
    await ensureBuilt(context);
    const measured: Round[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      progress(`idle: round ${round} of ${rounds}, ${seconds} s`);
      measured.push(await measure(seconds, signal));
    }
    const rows = PROGRAMS.filter(isWanted).map((program) => rowOf(program, measured));
    const bars = rows.flatMap(({ alternative, cpuPercent, residentBytes }) => [
      atMost(`CPU of an idle ${alternative}`, cpuPercent.median, 0.5, '% of a core'),
      atMost(`memory of an idle ${alternative}`, residentBytes.median / 2 ** 20, 90, 'MiB'),
    ]);
    const title = `${seconds} s of idling; median (min..max)`;
    return {
      text: `${title}\n\n${textTable(COLUMNS, rows)}\n${barsText(bars)}`,
      results: { bars, rows },
    };
  },
};

async function measure(seconds: number, signal: AbortSignal): Promise<Round> {
  await using scratch = await scratchFolder();
  await using receiver = await startReceiver(join(scratch.path, 'data'), [], signal);
  const isConnected = saidBy(receiver.process, /shipper connected/);
  const command = shipperCommand(['pipe'], receiver.port, ['--state-dir', join(scratch.path, 'state')]);
  await using shipper = await startProcess(command, signal, { hasInput: true });
  await isConnected;
  await delay(SETTLE_MS, undefined, { signal });
  const [ofReceiver, ofShipper] = await Promise.all([
    read(receiver.process.pid, seconds, signal),
    read(shipper.pid, seconds, signal),
  ]);
  return { receiver: ofReceiver, shipper: ofShipper };
}

async function read(pid: number, seconds: number, signal: AbortSignal): Promise<Reading> {
  const startedMs = performance.now();
  const before = await cpuSecondsOf(pid);
  await delay(seconds * 1000, undefined, { signal });
  const cpuSeconds = (await cpuSecondsOf(pid)) - before;
  const elapsedSeconds = (performance.now() - startedMs) / 1000;
  return { cpuPercent: (cpuSeconds / elapsedSeconds) * 100, residentBytes: await residentBytesOf(pid) };
}

const rowOf = (program: Program, rounds: readonly Round[]): Row => ({
  alternative: program,
  cpuPercent: spreadBy(rounds, (round) => round[program].cpuPercent),
  residentBytes: spreadBy(rounds, (round) => round[program].residentBytes),
});

const COLUMNS: readonly Column<Row>[] = [
  { title: 'program', cell: ({ alternative }) => alternative },
  { title: 'CPU % of a core', cell: ({ cpuPercent }) => spreadText(cpuPercent, figure) },
  { title: 'memory MiB', cell: ({ residentBytes }) => spreadText(residentBytes, mebibytes) },
];

const mebibytes = (bytes: number): string => figure(bytes / 2 ** 20);
