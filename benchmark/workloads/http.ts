/**
 * `http`: POST /log with Redis and with the archive behind it, beside a bare endpoint of the same framework with the same
 * schema. The load comes from this process, by autocannon, over connections that stay open; each asks again when it is
 * answered. What was answered with 200 is counted in the archive, and in Redis, afterwards.
 */
import autocannon from 'autocannon';
import { atLeast, barsText, type Bar } from '../bars.ts';
import { ensureBuilt } from '../fresh_build.ts';
import { startArchive, startBare, startRedis, type StartSubject } from '../http_subjects.ts';
import { interleave } from '../interleave.ts';
import { cpuSecondsOf } from '../process_readings.ts';
import { scratchFolder } from '../scratch_folder.ts';
import { figure, spreadBy, spreadText, thousands, type Spread } from '../statistics.ts';
import { textTable, type Column } from '../table.ts';
import type { Workload } from '../workload.ts';

const ENDPOINTS: Readonly<Record<string, StartSubject>> = {
  bare: startBare,
  Redis: startRedis,
  archive: startArchive,
};

const LOADS = [
  { name: 'single events', events: 1 },
  { name: 'arrays of 100', events: 100 },
] as const;

type Load = (typeof LOADS)[number];

const USERS = 1000;
/** Different ones, sent again and again: each connection keeps all of them in memory. */
const BODIES = { 1: 500, 100: 20 } as const;
/** Of the requests, for the endpoint to get warm. */
const WARM_UP = 0.2;

const BARE_SHARE = 0.45;

interface Subject {
  readonly endpoint: string;
  readonly load: Load;
}

interface Round {
  readonly requestsPerSecond: number;
  readonly cpuMicrosecondsPerEvent: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface Row {
  readonly alternative: string;
  readonly load: string;
  readonly requestsPerSecond: Spread;
  readonly eventsPerSecond: Spread;
  /** Of the endpoint's process. */
  readonly cpuMicrosecondsPerEvent: Spread;
  readonly p50Ms: Spread;
  readonly p99Ms: Spread;
}

interface Sizes {
  readonly requests: number;
  readonly connections: number;
}

export const http: Workload<'rounds' | 'requests' | 'connections'> = {
  name: 'http',
  summary: 'POST /log with Redis and with the archive behind it, beside a bare endpoint',
  settings: {
    rounds: { default: 5, modest: 1, help: 'times each is measured' },
    requests: { default: 100_000, modest: 10_000, help: 'of single events; of arrays a fifth' },
    connections: { default: 100, modest: 100, help: 'at once' },
  },
  alternatives: Object.keys(ENDPOINTS),
  async run({ rounds, requests, connections }, context) {
    const { signal, isWanted, progress } = context;
    await ensureBuilt(context);
    const subjects: Subject[] = LOADS.flatMap((load) =>
      Object.keys(ENDPOINTS)
        .filter(isWanted)
        .map((endpoint) => ({ endpoint, load })),
    );
    const measured = await interleave(subjects, rounds, ({ endpoint, load }, round) => {
      progress(`http: round ${round} of ${rounds}, ${endpoint}, ${load.name}`);
      const count = load.events === 1 ? requests : Math.ceil(requests / 5);
      return measure({ endpoint, load }, { requests: count, connections }, signal);
    });
    const rows = measured.map(({ alternative, samples }) => rowOf(alternative, samples));
    const bars = barsOf(rows);
    const title = `${connections} connections, ${USERS} users; median (min..max)`;
    return { text: `${title}\n\n${textTable(COLUMNS, rows)}\n${barsText(bars)}`, results: { bars, rows } };
  },
};

async function measure({ endpoint, load }: Subject, sizes: Sizes, signal: AbortSignal): Promise<Round> {
  const start = ENDPOINTS[endpoint];
  if (start === undefined) throw new Error(`there is no endpoint ${endpoint}`);
  await using scratch = await scratchFolder();
  await using subject = await start(scratch.path, signal);
  const warmUp = Math.max(sizes.connections, Math.ceil(sizes.requests * WARM_UP));
  await ask(subject.port, load, { ...sizes, requests: warmUp }, signal);
  const before = await cpuSecondsOf(subject.pid);
  const { wallSeconds, latency } = await ask(subject.port, load, sizes, signal);
  const cpuSeconds = (await cpuSecondsOf(subject.pid)) - before;
  await subject.stop((warmUp + sizes.requests) * load.events);
  return {
    requestsPerSecond: sizes.requests / wallSeconds,
    cpuMicrosecondsPerEvent: (cpuSeconds * 1e6) / (sizes.requests * load.events),
    p50Ms: latency.p50,
    p99Ms: latency.p99,
  };
}

interface Asked {
  readonly wallSeconds: number;
  readonly latency: autocannon.Histogram;
}

/** Asks so many times. Throws where an answer is no 200. */
async function ask(
  port: number,
  { events }: Load,
  { requests, connections }: Sizes,
  signal: AbortSignal,
): Promise<Asked> {
  const headers = { 'content-type': 'application/json' };
  const startedMs = performance.now();
  const { non2xx, errors, latency } = await autocannon({
    url: `http://127.0.0.1:${port}/log`,
    method: 'POST',
    connections,
    amount: requests,
    timeout: 60,
    // So often it looks whether all is done.
    sampleInt: 10,
    requests: bodies(events).map((body) => ({ method: 'POST', path: '/log', headers, body })),
  });
  signal.throwIfAborted();
  if (non2xx + errors > 0) throw new Error(`${non2xx} answers were no 200, ${errors} requests failed`);
  return { wallSeconds: (performance.now() - startedMs) / 1000, latency };
}

function bodies(events: Load['events']): string[] {
  let number = 0;
  const event = (): object => ({
    user_id: `user-${(number * 7919) % USERS}`,
    event: ['login', 'page_view', 'add_to_cart', 'payment'][number % 4],
    timestamp: 1_700_000_000 + (number++ % 86_400),
  });
  return Array.from({ length: BODIES[events] }, () =>
    JSON.stringify(events === 1 ? event() : Array.from({ length: events }, event)),
  );
}

function rowOf({ endpoint, load }: Subject, rounds: readonly Round[]): Row {
  return {
    alternative: endpoint,
    load: load.name,
    requestsPerSecond: spreadBy(rounds, (round) => round.requestsPerSecond),
    eventsPerSecond: spreadBy(rounds, (round) => round.requestsPerSecond * load.events),
    cpuMicrosecondsPerEvent: spreadBy(rounds, (round) => round.cpuMicrosecondsPerEvent),
    p50Ms: spreadBy(rounds, (round) => round.p50Ms),
    p99Ms: spreadBy(rounds, (round) => round.p99Ms),
  };
}

/** Redis beside the bare endpoint, the archive beside Redis: as far as they were measured. */
function barsOf(rows: readonly Row[]): Bar[] {
  const shares = [
    ['Redis', 'bare', BARE_SHARE],
    ['archive', 'Redis', 1],
  ] as const;
  return LOADS.flatMap(({ name }) => {
    const rateOf = (endpoint: string): number | undefined =>
      rows.find(({ alternative, load }) => alternative === endpoint && load === name)?.eventsPerSecond.median;
    return shares.flatMap(([endpoint, other, share]) => {
      const [rate, beside] = [rateOf(endpoint), rateOf(other)];
      if (rate === undefined || beside === undefined) return [];
      return [atLeast(`${endpoint} of ${other}, ${name}`, (100 * rate) / beside, 100 * share, '%')];
    });
  });
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'endpoint', cell: ({ alternative }) => alternative },
  { title: 'load', cell: ({ load }) => load },
  { title: 'requests/s', cell: ({ requestsPerSecond }) => spreadText(requestsPerSecond, figure) },
  { title: 'events/s', cell: ({ eventsPerSecond }) => spreadText(eventsPerSecond, thousands) },
  {
    title: 'CPU µs an event',
    cell: ({ cpuMicrosecondsPerEvent }) => spreadText(cpuMicrosecondsPerEvent, figure),
  },
  { title: 'p50 ms', cell: ({ p50Ms }) => spreadText(p50Ms, figure) },
  { title: 'p99 ms', cell: ({ p99Ms }) => spreadText(p99Ms, figure) },
];
