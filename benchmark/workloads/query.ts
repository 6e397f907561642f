/**
 * `query`: looking for entries in an archive that a receiver has written, beside `zcat | grep` over the same files. Every command is a
 * process from its start to its end, and what it finds goes through a pipe: `grep` that writes to /dev/null stops at the
 * first line. The files are in the system's cache after the first round.
 */
import { join } from 'node:path';
import { atMost, barsText } from '../bars.ts';
import { SERVER, ensureBuilt } from '../fresh_build.ts';
import { interleave } from '../interleave.ts';
import { writeLogFile } from '../log_lines.ts';
import { startProcess } from '../measured_process.ts';
import { runShipper, shipperCommand, startReceiver } from '../product.ts';
import { scratchFolder } from '../scratch_folder.ts';
import { figure, spreadBy, spreadText, thousands, type Spread } from '../statistics.ts';
import { textTable, type Column } from '../table.ts';
import type { Workload } from '../workload.ts';

const TEXT = 'declined';
const EXPRESSION = 'payment .* declined';

/** Of the made-up entries: they begin at midnight, and come some 220 a second. */
const MINUTE = ['--since', '2024-06-07T00:03:00Z', '--until', '2024-06-07T00:04:00Z'];

/** What stands before `| wc -l`, with the archive as `$1`. */
const COMMANDS: Readonly<Record<string, string>> = {
  'zcat to grep': `zcat "$1"/*.gz | grep ${TEXT}`,
  text: queryFor('--grep', TEXT),
  'zcat to grep -E': `zcat "$1"/*.gz | grep -E '${EXPRESSION}'`,
  expression: queryFor('--grep', EXPRESSION),
  'level error': queryFor('--level', 'error'),
  'one minute': queryFor(...MINUTE),
  'every entry': queryFor(),
};

/** These have to find as many entries as those beside them. */
const SAME = [
  ['text', 'zcat to grep'],
  ['expression', 'zcat to grep -E'],
] as const;

const TEXT_BAR_SECONDS = 3;
const WINDOW_BAR_SECONDS = 0.3;

interface Round {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  readonly found: number;
}

interface Row {
  readonly alternative: string;
  readonly seconds: Spread;
  /** Of all its processes. */
  readonly cpuSeconds: Spread;
  readonly found: number;
}

function queryFor(...flags: readonly string[]): string {
  const quoted = flags.map((flag) => `'${flag}'`).join(' ');
  return `'${process.execPath}' '${SERVER}' query "$1" ${quoted}`;
}

export const query: Workload<'rounds' | 'entries'> = {
  name: 'query',
  summary: 'finding entries in an archive, beside zcat | grep',
  settings: {
    rounds: { default: 7, modest: 3, help: 'times each is measured' },
    entries: { default: 2_000_000, modest: 200_000, help: 'in the archive' },
  },
  alternatives: Object.keys(COMMANDS),
  async run({ rounds, entries }, context) {
    const { signal, isWanted, progress } = context;
    await ensureBuilt(context);
    await using scratch = await scratchFolder();
    const archive = join(scratch.path, 'data');
    progress(`query: ${entries} entries are shipped`);
    await fill(archive, scratch.path, entries, signal);
    progress(`query: ${rounds} rounds`);
    const wanted = Object.keys(COMMANDS).filter(isWanted);
    const measured = await interleave(wanted, rounds, (name) => measure(name, archive, signal));
    const rows = measured.map(({ alternative, samples }) => rowOf(alternative, samples));
    expectSame(rows);
    const bars = barsOf(rows, entries);
    const title = `${thousands(entries)} entries, ${rounds} rounds; median (min..max)`;
    return {
      text: `${title}\n\n${textTable(COLUMNS, rows)}\n${barsText(bars)}`,
      results: { bars, rows },
    };
  },
};

async function fill(archive: string, folder: string, entries: number, signal: AbortSignal): Promise<void> {
  const path = join(folder, 'lines.jsonl');
  await writeLogFile(path, entries, 1, signal);
  await using receiver = await startReceiver(archive, [], signal);
  const flags = ['--state-dir', join(folder, 'state')];
  await runShipper(shipperCommand(['send', path], receiver.port, flags), signal);
  await receiver.stop();
}

async function measure(name: string, archive: string, signal: AbortSignal): Promise<Round> {
  const script = `${COMMANDS[name] ?? ''} | wc -l`;
  await using running = await startProcess(['bash', '--norc', '-c', script, name, archive], signal);
  const { exitCode, stdout, stderr, wallSeconds, cpuSeconds, peakBytes } = await running.finished;
  if (exitCode !== 0 || stderr !== '') throw new Error(`${name} failed: ${stderr}`);
  return { seconds: wallSeconds, cpuSeconds, peakBytes, found: Number(stdout) };
}

function rowOf(alternative: string, rounds: readonly Round[]): Row {
  const [found = 0, ...others] = new Set(rounds.map((round) => round.found));
  if (others.length > 0) throw new Error(`${alternative} found ${found} entries, then ${others.join(', ')}`);
  return {
    alternative,
    seconds: spreadBy(rounds, ({ seconds }) => seconds),
    cpuSeconds: spreadBy(rounds, ({ cpuSeconds }) => cpuSeconds),
    found,
  };
}

const rowNamed = (rows: readonly Row[], name: string): Row | undefined =>
  rows.find(({ alternative }) => alternative === name);

function expectSame(rows: readonly Row[]): void {
  for (const [one, other] of SAME) {
    const [ours, theirs] = [rowNamed(rows, one)?.found, rowNamed(rows, other)?.found];
    if (ours !== undefined && theirs !== undefined && ours !== theirs)
      throw new Error(`${one} found ${ours} entries where ${other} found ${theirs}`);
  }
}

/** The seconds are for two million entries. */
function barsOf(rows: readonly Row[], entries: number) {
  const text = rowNamed(rows, 'text')?.seconds.median;
  const minute = rowNamed(rows, 'one minute')?.seconds.median;
  const scale = entries / query.settings.entries.default;
  return [
    ...(text === undefined ? [] : [atMost('text', text, TEXT_BAR_SECONDS * Math.max(1, scale), 's')]),
    ...SAME.flatMap(([one, other]) => {
      const [ours, theirs] = [rowNamed(rows, one), rowNamed(rows, other)];
      if (ours === undefined || theirs === undefined) return [];
      return [atMost(`${one}, of ${other}`, ours.seconds.median / theirs.seconds.median, 1, 'times')];
    }),
    ...(minute === undefined ? [] : [atMost('one minute', minute, WINDOW_BAR_SECONDS, 's')]),
  ];
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'query', cell: ({ alternative }) => alternative },
  { title: 's', cell: ({ seconds }) => spreadText(seconds, figure) },
  { title: 'CPU s', cell: ({ cpuSeconds }) => spreadText(cpuSeconds, figure) },
  { title: 'found', cell: ({ found }) => found.toLocaleString('en-US') },
];
