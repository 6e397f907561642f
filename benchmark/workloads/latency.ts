/**
 * `latency`: from a line written into `logferry pipe` to its acknowledgement, which is the receiver's word that it is on
 * disk. The clock runs from the write of the line to the ACK's passing by a proxy on loopback: both in this process, both
 * programs as users run them. Each line waits for the batch it travels in: at most BATCH_INTERVAL.
 */
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { startAckProxy } from '../ack_proxy.ts';
import { atMost, barsText } from '../bars.ts';
import { ensureBuilt } from '../fresh_build.ts';
import { interleave } from '../interleave.ts';
import { lineMaker } from '../log_lines.ts';
import { startProcess } from '../measured_process.ts';
import { shippedBy, shipperCommand, startReceiver, verifyArchive } from '../product.ts';
import { scratchFolder } from '../scratch_folder.ts';
import { figure, percentileOf, spreadBy, spreadText, type Spread } from '../statistics.ts';
import { writeSteadily } from '../steady_writer.ts';
import { textTable, type Column } from '../table.ts';
import type { Workload } from '../workload.ts';

/** Lines a second. */
const RATES = [100, 1000, 10_000];
const nameOf = (rate: number): string => `${rate}/s`;

/** The rate and the time that the bar is for. */
const BAR_RATE = 1000;
const BAR_MS = 100;

interface Round {
  readonly lines: number;
  readonly batches: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** How late the writer of the lines was, at worst. */
  readonly behindMs: number;
}

interface Row {
  readonly alternative: string;
  readonly rate: number;
  readonly p50Ms: Spread;
  readonly p90Ms: Spread;
  readonly p99Ms: Spread;
  readonly maxMs: Spread;
  readonly rounds: readonly Round[];
}

export const latency: Workload<'rounds' | 'seconds' | 'interval' | 'seed'> = {
  name: 'latency',
  summary: 'milliseconds from a line written to its acknowledgement, at steady rates',
  settings: {
    rounds: { default: 3, modest: 1, help: 'times each is measured' },
    seconds: { default: 10, modest: 1, help: 'how long lines are written' },
    interval: { default: 50, modest: 50, help: 'BATCH_INTERVAL in milliseconds' },
    seed: { default: 1, modest: 1, help: 'of the lines' },
  },
  alternatives: RATES.map(nameOf),
  async run(settings, context) {
    const { signal, isWanted, progress } = context;
    await ensureBuilt(context);
    const wanted = RATES.filter((rate) => isWanted(nameOf(rate)));
    const measured = await interleave(wanted, settings.rounds, (rate, round) => {
      progress(`latency: round ${round} of ${settings.rounds}, ${nameOf(rate)}`);
      return measure({ ...settings, rate }, signal);
    });
    const rows = measured.map(({ alternative, samples }) => rowOf(alternative, samples));
    const bars = rows
      .filter(({ rate }) => rate === BAR_RATE)
      .map(({ p99Ms }) => atMost(`p99 at ${nameOf(BAR_RATE)}`, p99Ms.median, BAR_MS, 'ms'));
    const title = `BATCH_INTERVAL=${settings.interval / 1000}, ${settings.seconds} s each; milliseconds, median of ${settings.rounds} rounds (min..max)`;
    return {
      text: `${title}\n\n${textTable(COLUMNS, rows)}\n${barsText(bars)}`,
      results: { bars, rows },
    };
  },
};

interface Load {
  readonly rate: number;
  readonly seconds: number;
  readonly interval: number;
  readonly seed: number;
}

async function measure({ rate, seconds, interval, seed }: Load, signal: AbortSignal): Promise<Round> {
  await using scratch = await scratchFolder();
  const dataDir = join(scratch.path, 'data');
  await using receiver = await startReceiver(dataDir, [], signal);
  const writtenMs: number[] = [];
  const tookMs: number[] = [];
  await using proxy = await startAckProxy(receiver.port, (acked) => {
    const now = performance.now();
    for (const at of writtenMs.slice(tookMs.length, acked)) tookMs.push(now - at);
  });
  const flags = ['--interval', String(interval), '--state-dir', join(scratch.path, 'state')];
  await using shipper = await startProcess(shipperCommand(['pipe'], proxy.port, flags), signal, {
    hasInput: true,
  });
  await Promise.race([proxy.isReady, shipper.finished]);
  const stdin = shipper.stdin as Writable;
  const { behindMs } = await writeSteadily(
    stdin,
    { rate, seconds, line: lineMaker(seed) },
    writtenMs,
    signal,
  );
  stdin.end();
  const { shipped } = shippedBy(await shipper.finished, signal);
  await receiver.stop();
  await verifyArchive(dataDir, writtenMs.length, signal);
  if (tookMs.length !== writtenMs.length)
    throw new Error(`${writtenMs.length} lines were written, ${tookMs.length} acknowledgements seen`);
  return {
    lines: writtenMs.length,
    batches: shipped.batches,
    p50Ms: percentileOf(tookMs, 50),
    p90Ms: percentileOf(tookMs, 90),
    p99Ms: percentileOf(tookMs, 99),
    maxMs: percentileOf(tookMs, 100),
    behindMs,
  };
}

function rowOf(rate: number, rounds: readonly Round[]): Row {
  return {
    alternative: nameOf(rate),
    rate,
    p50Ms: spreadBy(rounds, ({ p50Ms }) => p50Ms),
    p90Ms: spreadBy(rounds, ({ p90Ms }) => p90Ms),
    p99Ms: spreadBy(rounds, ({ p99Ms }) => p99Ms),
    maxMs: spreadBy(rounds, ({ maxMs }) => maxMs),
    rounds,
  };
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'lines', cell: ({ alternative }) => alternative },
  { title: 'p50', cell: ({ p50Ms }) => spreadText(p50Ms, figure) },
  { title: 'p90', cell: ({ p90Ms }) => spreadText(p90Ms, figure) },
  { title: 'p99', cell: ({ p99Ms }) => spreadText(p99Ms, figure) },
  { title: 'max', cell: ({ maxMs }) => spreadText(maxMs, figure) },
  {
    title: 'lines a batch',
    cell: ({ rounds }) => figure(spreadBy(rounds, ({ lines, batches }) => lines / batches).median),
  },
  {
    title: 'writer late',
    cell: ({ rounds }) => figure(Math.max(...rounds.map(({ behindMs }) => behindMs))),
  },
];
