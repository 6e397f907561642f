/**
 * `publish`: messages into a JetStream stream by NATS' own client and nothing else, by their size, on one server and on
 * three, one at a time and many: what any receiver could reach at best here.
 */
import { randomBytes } from 'node:crypto';
import { jetstream, jetstreamManager, type JetStreamClient } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { interleave } from '../interleave.ts';
import { needNats, startNats } from '../scale/nats_servers.ts';
import { figure, spreadBy, spreadText, type Spread } from '../statistics.ts';
import { textTable, type Column } from '../table.ts';
import type { Workload } from '../workload.ts';

const REPLICAS = { R1: 1, R3: 3 } as const;
type ReplicasName = keyof typeof REPLICAS;
const NAMES = Object.keys(REPLICAS) as ReplicasName[];

const KIB = 1024;
const SIZES: readonly number[] = [64 * KIB, 256 * KIB, 1024 * KIB];
const IN_FLIGHT: readonly number[] = [1, 4, 16, 64];

interface Point {
  readonly alternative: ReplicasName;
  readonly messageBytes: number;
  readonly inFlight: number;
}

interface Round {
  readonly messages: number;
  readonly wallSeconds: number;
  readonly clientCpuSeconds: number;
  readonly serverCpuSeconds: number;
}

interface Row extends Point {
  readonly messagesPerSecond: Spread;
  readonly megabytesPerSecond: Spread;
  /** Per gigabyte published. */
  readonly cpuSecondsPerGigabyte: { readonly client: Spread; readonly servers: Spread };
  readonly rounds: readonly Round[];
}

export const publish: Workload<'rounds' | 'megabytes'> = {
  name: 'publish',
  summary: 'messages into JetStream by its own client, by size and by how many are on their way',
  settings: {
    rounds: { default: 3, modest: 1, help: 'times each is measured' },
    megabytes: { default: 256, modest: 32, help: 'published each time; with one on its way an eighth' },
  },
  alternatives: NAMES,
  async run({ rounds, megabytes }, { signal, isWanted, progress }) {
    await needNats();
    const points = NAMES.filter(isWanted).flatMap((alternative) =>
      SIZES.flatMap((messageBytes) =>
        IN_FLIGHT.map((inFlight): Point => ({ alternative, messageBytes, inFlight })),
      ),
    );
    const measured = await interleave(points, rounds, (point, round) => {
      const { alternative, messageBytes, inFlight } = point;
      progress(
        `publish: round ${round} of ${rounds}, ${alternative}, ${messageBytes / KIB} KiB, ${inFlight} at once`,
      );
      return measure(point, (megabytes * 1e6) / (inFlight === 1 ? 8 : 1), signal);
    });
    const rows = measured.map(({ alternative, samples }) => rowOf(alternative, samples));
    const title = 'random bytes, acknowledged by the stream; median (min..max)';
    return { text: `${title}\n\n${textTable(COLUMNS, rows)}`, results: { rows } };
  },
};

async function measure(
  { alternative, messageBytes, inFlight }: Point,
  bytes: number,
  signal: AbortSignal,
): Promise<Round> {
  const replicas = REPLICAS[alternative];
  await using servers = await startNats(replicas, signal);
  const connection = await connect({ servers: servers.url.split(',') });
  try {
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: 'B', subjects: ['b.>'], num_replicas: replicas });
    const messages = Math.ceil(bytes / messageBytes);
    const payload = randomBytes(messageBytes);
    const client = jetstream(connection);
    const before = process.cpuUsage();
    const startedMs = performance.now();
    await publishAll(client, payload, messages, inFlight);
    const wallSeconds = (performance.now() - startedMs) / 1000;
    const { user, system } = process.cpuUsage(before);
    await connection.close();
    const usages = await servers.stop();
    return {
      messages,
      wallSeconds,
      clientCpuSeconds: (user + system) / 1e6,
      serverCpuSeconds: usages.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    };
  } finally {
    await connection.close();
  }
}

/** So many on their way at any time, each on a subject of its own, as shippers are. */
async function publishAll(
  client: JetStreamClient,
  payload: Buffer,
  messages: number,
  inFlight: number,
): Promise<void> {
  let left = messages;
  const chain = async (subject: string): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await client.publish(subject, payload);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, (_, n) => chain(`b.${n}`)));
}

function rowOf(point: Point, rounds: readonly Round[]): Row {
  const gigabytesOf = ({ messages }: Round): number => (messages * point.messageBytes) / 1e9;
  return {
    ...point,
    messagesPerSecond: spreadBy(rounds, ({ messages, wallSeconds }) => messages / wallSeconds),
    megabytesPerSecond: spreadBy(rounds, (round) => (gigabytesOf(round) * 1000) / round.wallSeconds),
    cpuSecondsPerGigabyte: {
      client: spreadBy(rounds, (round) => round.clientCpuSeconds / gigabytesOf(round)),
      servers: spreadBy(rounds, (round) => round.serverCpuSeconds / gigabytesOf(round)),
    },
    rounds,
  };
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'stream', cell: ({ alternative }) => alternative },
  { title: 'KiB', cell: ({ messageBytes }) => String(messageBytes / KIB) },
  { title: 'at once', cell: ({ inFlight }) => String(inFlight) },
  { title: 'messages/s', cell: ({ messagesPerSecond }) => spreadText(messagesPerSecond, figure) },
  { title: 'MB/s', cell: ({ megabytesPerSecond }) => figure(megabytesPerSecond.median) },
  { title: 'CPU s/GB client', cell: (row) => figure(row.cpuSecondsPerGigabyte.client.median) },
  { title: 'servers', cell: (row) => figure(row.cpuSecondsPerGigabyte.servers.median) },
];
