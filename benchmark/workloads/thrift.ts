/**
 * `thrift`: sendLogs to one receiver, framed, every call answered when its entries are durable. The calls come from this
 * process, encoded for each call anew, over connections that stay open; each calls again when it is answered. What was
 * answered is counted in the archive afterwards.
 */
import { join } from 'node:path';
import type { ProtocolName } from '../../src/thrift/message.ts';
import { atLeast, barsText, type Bar } from '../bars.ts';
import { SERVER, ensureBuilt } from '../fresh_build.ts';
import { interleave } from '../interleave.ts';
import { startProcess } from '../measured_process.ts';
import { succeeded, verifyArchive } from '../product.ts';
import { saidBy } from '../said_by.ts';
import { scratchFolder } from '../scratch_folder.ts';
import { figure, spreadBy, spreadText, thousands, type Spread } from '../statistics.ts';
import { textTable, type Column } from '../table.ts';
import { runLibrary, runOwn, type RunLoad } from '../thrift_load.ts';
import type { Workload } from '../workload.ts';

interface Subject {
  readonly client: string;
  readonly run: RunLoad;
  readonly protocol: ProtocolName;
  /** Of the calls that are asked for: a slow one need not take as long as the others together. */
  readonly share: number;
  /** Entries a second, where there is a bar. */
  readonly least?: number;
}

const SUBJECTS: readonly Subject[] = [
  { client: 'own', run: runOwn, protocol: 'binary', share: 1, least: 250_000 },
  { client: 'own', run: runOwn, protocol: 'compact', share: 1, least: 150_000 },
  { client: 'own', run: runOwn, protocol: 'json', share: 0.3 },
  { client: 'library', run: runLibrary, protocol: 'binary', share: 0.3 },
  { client: 'library', run: runLibrary, protocol: 'compact', share: 0.3 },
];

/** Of the calls, for the receiver and the client to get warm. */
const WARM_UP = 0.2;

interface Sizes {
  readonly calls: number;
  readonly entries: number;
  readonly connections: number;
}

interface Round {
  readonly entriesPerSecond: number;
  /** Of the receiver's process, from its start to its end. */
  readonly cpuMicrosecondsPerEntry: number;
  readonly peakMib: number;
}

interface Row {
  readonly alternative: string;
  readonly least: number | undefined;
  readonly entriesPerSecond: Spread;
  readonly cpuMicrosecondsPerEntry: Spread;
  readonly peakMib: Spread;
}

export const thrift: Workload<'rounds' | 'calls' | 'entries' | 'connections'> = {
  name: 'thrift',
  summary: 'sendLogs over Thrift, by protocol and client',
  settings: {
    rounds: { default: 5, modest: 1, help: 'times each is measured' },
    calls: { default: 20_000, modest: 3000, help: 'of sendLogs; of JSON and of the library 0.3 of them' },
    entries: { default: 100, modest: 100, help: 'in a call' },
    connections: { default: 16, modest: 16, help: 'at once, each with one call on its way' },
  },
  alternatives: SUBJECTS.map(nameOf),
  async run({ rounds, ...sizes }, context) {
    const { signal, isWanted, progress } = context;
    await ensureBuilt(context);
    const wanted = SUBJECTS.filter((subject) => isWanted(nameOf(subject)));
    const measured = await interleave(wanted, rounds, (subject, round) => {
      progress(`thrift: round ${round} of ${rounds}, ${nameOf(subject)}`);
      return measure(subject, sizes, signal);
    });
    const rows = measured.map(({ alternative, samples }) => rowOf(alternative, samples));
    const bars = barsOf(rows);
    const title = `${sizes.connections} connections, ${sizes.entries} entries a call; median (min..max)`;
    return { text: `${title}\n\n${textTable(COLUMNS, rows)}\n${barsText(bars)}`, results: { bars, rows } };
  },
};

function nameOf({ client, protocol }: Subject): string {
  return `${client}-${protocol}`;
}

async function measure({ run, protocol, share }: Subject, sizes: Sizes, signal: AbortSignal): Promise<Round> {
  await using scratch = await scratchFolder();
  const dataDir = join(scratch.path, 'data');
  await using receiver = await startProcess(
    [process.execPath, SERVER, 'thrift', '--thrift-port', '0', '--data-dir', dataDir],
    signal,
  );
  const [, port] = await saidBy(receiver, /"thriftPort":(\d+)/);
  const { connections, entries: entriesPerCall } = sizes;
  const calls = Math.max(connections, Math.ceil(sizes.calls * share));
  const load = { port: Number(port), protocol, connections, entriesPerCall };
  const warmUp = Math.max(connections, Math.ceil(calls * WARM_UP));
  await run({ ...load, calls: warmUp }, signal);
  const startedMs = performance.now();
  await run({ ...load, calls }, signal);
  const seconds = (performance.now() - startedMs) / 1000;
  receiver.kill('SIGTERM');
  const { cpuSeconds, peakBytes } = succeeded('the receiver', await receiver.finished, signal);
  const entries = (calls + warmUp) * entriesPerCall;
  await verifyArchive(dataDir, entries, signal);
  return {
    entriesPerSecond: (calls * entriesPerCall) / seconds,
    cpuMicrosecondsPerEntry: (cpuSeconds * 1e6) / entries,
    peakMib: peakBytes / 1024 ** 2,
  };
}

const rowOf = (subject: Subject, rounds: readonly Round[]): Row => ({
  alternative: nameOf(subject),
  least: subject.least,
  entriesPerSecond: spreadBy(rounds, (round) => round.entriesPerSecond),
  cpuMicrosecondsPerEntry: spreadBy(rounds, (round) => round.cpuMicrosecondsPerEntry),
  peakMib: spreadBy(rounds, (round) => round.peakMib),
});

const barsOf = (rows: readonly Row[]): Bar[] =>
  rows.flatMap(({ alternative, least, entriesPerSecond }) =>
    least === undefined ? [] : [atLeast(alternative, entriesPerSecond.median, least, 'entries/s')],
  );

const COLUMNS: readonly Column<Row>[] = [
  { title: 'client, protocol', cell: ({ alternative }) => alternative },
  { title: 'entries/s', cell: ({ entriesPerSecond }) => spreadText(entriesPerSecond, thousands) },
  {
    title: 'receiver CPU µs an entry',
    cell: ({ cpuMicrosecondsPerEntry }) => spreadText(cpuMicrosecondsPerEntry, figure),
  },
  { title: 'receiver peak MiB', cell: ({ peakMib }) => spreadText(peakMib, figure) },
];
