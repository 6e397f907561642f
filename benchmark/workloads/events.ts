/**
 * `events`: the event store by its service, in a process of its own, on PostgreSQL and on the embedded database. The calls
 * come from this process, by the code the compiler generates: single appends of many clients that each wait for their
 * answer, appends of a hundred, and a replay of all that was stored, which is counted.
 */
import { Int64 } from 'thrift';
import { Event } from '../../src/thrift/generated/event_service_types.js';
import { connectEvents, type EventConnection } from '../../src/tools/events/event_connection.ts';
import { RemoteEvents } from '../../src/tools/events/remote_events.ts';
import { atLeast, barsText, type Bar } from '../bars.ts';
import { EVENT_SUBJECTS } from '../event_subjects.ts';
import { ensureBuilt } from '../fresh_build.ts';
import { interleave } from '../interleave.ts';
import { scratchFolder } from '../scratch_folder.ts';
import { figure, spreadBy, spreadText, thousands, type Spread } from '../statistics.ts';
import { textTable, type Column } from '../table.ts';
import type { Workload } from '../workload.ts';

const EVENTS_A_CALL = 100;
/** At once, with a hundred events each. */
const BATCH_CLIENTS = 4;
/** Replays of all there is, one after the other. */
const REPLAYS = 3;

const BARS: Readonly<Record<string, number>> = {
  'append singly': 10_000,
  [`appendAll of ${EVENTS_A_CALL}`]: 40_000,
  replay: 150_000,
};

interface Sizes {
  readonly appends: number;
  readonly batched: number;
  readonly clients: number;
}

type Round = Readonly<Record<string, number>>;

interface Row {
  readonly alternative: string;
  readonly load: string;
  readonly eventsPerSecond: Spread;
}

export const events: Workload<'rounds' | 'appends' | 'batched' | 'clients'> = {
  name: 'events',
  summary: 'the event store by its service, on PostgreSQL and embedded',
  settings: {
    rounds: { default: 3, modest: 1, help: 'times each is measured' },
    appends: { default: 40_000, modest: 10_000, help: 'events appended one by one' },
    batched: { default: 200_000, modest: 50_000, help: `events appended by ${EVENTS_A_CALL}` },
    clients: { default: 50, modest: 50, help: 'that append one by one, at once' },
  },
  alternatives: Object.keys(EVENT_SUBJECTS),
  async run({ rounds, ...sizes }, context) {
    const { signal, isWanted, progress } = context;
    await ensureBuilt(context);
    const wanted = Object.keys(EVENT_SUBJECTS).filter(isWanted);
    const measured = await interleave(wanted, rounds, (name, round) => {
      progress(`events: round ${round} of ${rounds}, ${name}`);
      return measure(name, sizes, signal);
    });
    const rows = measured.flatMap(({ alternative, samples }) => rowsOf(alternative, samples));
    const bars = barsOf(rows);
    const title = `${sizes.clients} clients that append singly, ${BATCH_CLIENTS} that append ${EVENTS_A_CALL}; median (min..max)`;
    return { text: `${title}\n\n${textTable(COLUMNS, rows)}\n${barsText(bars)}`, results: { bars, rows } };
  },
};

async function measure(
  name: string,
  { appends, batched, clients }: Sizes,
  signal: AbortSignal,
): Promise<Round> {
  const start = EVENT_SUBJECTS[name];
  if (start === undefined) throw new Error(`there is no store ${name}`);
  await using scratch = await scratchFolder();
  await using subject = await start(scratch.path, signal);
  await append(subject.port, { prefix: 'w', count: Math.ceil(appends / 5), clients, together: 1 });
  const singly = await append(subject.port, { prefix: 's', count: appends, clients, together: 1 });
  const many = { prefix: 'b', count: batched, clients: BATCH_CLIENTS, together: EVENTS_A_CALL };
  const together = await append(subject.port, many);
  const replayed = await replay(subject.port, Math.ceil(appends / 5) + appends + batched);
  await subject.stop();
  signal.throwIfAborted();
  return { 'append singly': singly, [`appendAll of ${EVENTS_A_CALL}`]: together, replay: replayed };
}

interface Load {
  readonly prefix: string;
  readonly count: number;
  readonly clients: number;
  readonly together: number;
}

/** Events a second. Each client asks again when it is answered. */
async function append(port: number, { prefix, count, clients, together }: Load): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const connections = await Promise.all(
    Array.from({ length: clients }, () => connectEvents({ host: '127.0.0.1', port })),
  );
  for (const connection of connections) stack.use(connection);
  let next = 0;
  const work = async ({ client }: EventConnection): Promise<void> => {
    while (next < count) {
      const sent = Array.from({ length: Math.min(together, count - next) }, () => eventOf(prefix, next++));
      const [only] = sent;
      await (together === 1 && only !== undefined ? client.append(only) : client.appendAll(sent));
    }
  };
  const startedMs = performance.now();
  await Promise.all(connections.map(work));
  return (count * 1000) / (performance.now() - startedMs);
}

const eventOf = (prefix: string, number: number): Event =>
  new Event({
    id: `${prefix}-${number}`,
    type: ['order.placed', 'order.paid', 'order.sent'][number % 3] ?? '',
    timestamp: new Int64(1_700_000_000_000 + number),
    payload: Buffer.from(
      `{"order":"o-${number}","user":"user-${number % 1000}","cents":${number % 10_000},"currency":"EUR"}`,
    ),
  });

/** Events a second, all of them several times. Throws where one is missing. */
async function replay(port: number, expected: number): Promise<number> {
  await using remote = await RemoteEvents.connect({ host: '127.0.0.1', port });
  const startedMs = performance.now();
  for (let round = 0; round < REPLAYS; round += 1) {
    let last = 0;
    for await (const page of remote.replay())
      for (const { position } of page) {
        if (position !== last + 1) throw new Error(`position ${position} follows ${last}`);
        last = position;
      }
    if (last !== expected) throw new Error(`${last} events were replayed, and ${expected} appended`);
  }
  return (REPLAYS * expected * 1000) / (performance.now() - startedMs);
}

const rowsOf = (alternative: string, rounds: readonly Round[]): Row[] =>
  Object.keys(BARS).map((load) => ({
    alternative,
    load,
    eventsPerSecond: spreadBy(rounds, (round) => round[load] ?? 0),
  }));

/** For PostgreSQL; what the embedded database does is stated. */
const barsOf = (rows: readonly Row[]): Bar[] =>
  rows
    .filter(({ alternative }) => alternative === 'PostgreSQL')
    .map(({ load, eventsPerSecond }) => atLeast(load, eventsPerSecond.median, BARS[load] ?? 0, 'events/s'));

const COLUMNS: readonly Column<Row>[] = [
  { title: 'store', cell: ({ alternative }) => alternative },
  { title: 'load', cell: ({ load }) => load },
  {
    title: 'events/s',
    cell: ({ eventsPerSecond }) =>
      spreadText(eventsPerSecond, (value) => (value < 10_000 ? figure(value) : thousands(value))),
  },
];
