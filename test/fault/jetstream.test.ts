/**
 * Three real NATS servers, two receivers without state, two archive workers and shippers that know both receivers: what may
 * be killed is, under load, and the workers' archives must have every entry once and in its shipper's order.
 * `JETSTREAM_ROUNDS` makes more rounds, and of more faults, `FAULT_SEED` others. Each has servers of its own: replicas of
 * nats-server 2.9 part when it is killed over and over.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { seededRandom } from '../../src/shipper/random.ts';
import { JetStreamPrograms } from '../helpers/jetstream_programs.ts';
import { NatsCluster } from '../helpers/nats_cluster.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const ROUNDS = Number(process.env.JETSTREAM_ROUNDS ?? 1);
const random = seededRandom(Number(process.env.FAULT_SEED ?? 20_260_131));

const TIMEOUT_MS = 180_000;

const STREAM = 'LOGFERRY-0';

const LOOK_EVERY_MS = 100;

let resources: AsyncDisposableStack;
let cluster: NatsCluster;
let programs: JetStreamPrograms;

/** A fault under load, which ends with everything where it should be. `strike` settles when the shippers can go on. */
const survives = (name: string, strike: () => Promise<void>): void =>
  test(
    name,
    async () => {
      await programs.writeDuring(async () => {
        await isAcknowledged();
        await strike();
        await isAcknowledged();
      });
      await programs.expectWhole();
    },
    TIMEOUT_MS,
  );

/** Settles when more than so far has been acknowledged. */
async function isAcknowledged(): Promise<void> {
  const before = programs.acknowledged;
  await becomes('more is acknowledged', () => programs.acknowledged > before);
}

/** Settles when nothing has been acknowledged for some seconds; it is told once a second. */
async function nothingIsAcknowledged(): Promise<void> {
  let last = { count: programs.acknowledged, at: performance.now() };
  await becomes('nothing is acknowledged', () => {
    const count = programs.acknowledged;
    if (count !== last.count) last = { count, at: performance.now() };
    return performance.now() - last.at > 3000;
  });
}

async function becomes(what: string, holds: () => boolean): Promise<void> {
  const look = async (): Promise<boolean> => {
    await delay(LOOK_EVERY_MS);
    return holds();
  };
  await until(what, look, 60_000);
}

async function followersOf(stream: string): Promise<string[]> {
  const leader = await cluster.leaderOf(stream);
  return cluster.names.filter((name) => name !== leader);
}

/** A server comes back and catches up. */
async function comesBack(...names: string[]): Promise<void> {
  for (const name of names) await cluster.again(name);
  await cluster.settled();
}

/** Each of the receivers and workers is killed at some moment, and comes back at another: workers mostly after their lease. */
async function killPrograms(): Promise<void> {
  await Promise.all(
    programs.places().map(async ([role, n]) => {
      await delay(random() * 2000);
      await programs.kill(role, n);
      await delay(random() * (role === 'worker' ? 3000 : 1000));
      await programs.run(role, n);
    }),
  );
}

const ROUND_NUMBERS = Array.from({ length: ROUNDS }, (_, index) => index + 1);

describe.each(ROUND_NUMBERS)('three NATS servers, round %i:', () => {
  beforeAll(async () => {
    resources = new AsyncDisposableStack();
    cluster = resources.use(await NatsCluster.start());
    const folder = resources.use(await temporaryFolder());
    const env = { NATS_URL: cluster.url, NATS_REPLICAS: '3' };
    programs = resources.use(await JetStreamPrograms.start(folder.path, env));
  }, TIMEOUT_MS);

  afterAll(() => resources.disposeAsync());

  survives('kill -9 of the leader of a stream', async () => {
    const leader = await cluster.leaderOf(STREAM);
    await cluster.kill(leader);
    await cluster.leaderOf(STREAM, leader);
    await isAcknowledged();
    await comesBack(leader);
  });

  survives('kill -9 of a follower', async () => {
    const [follower = ''] = await followersOf(STREAM);
    await cluster.kill(follower);
    await isAcknowledged();
    await comesBack(follower);
  });

  survives('kill -9 of two servers of three: nothing is acknowledged until there is a quorum', async () => {
    const two = await followersOf(STREAM);
    await Promise.all(two.map((name) => cluster.kill(name)));
    await nothingIsAcknowledged();
    await comesBack(...two);
  });

  survives('a rolling restart of all three', async () => {
    for (const name of cluster.names) {
      await cluster.stop(name);
      await comesBack(name);
    }
  });

  survives('kill -9 of receivers and workers, at random: shippers go on elsewhere', killPrograms);

  if (ROUNDS > 1) {
    survives('kill -9 of a server, receivers and workers at once', async () => {
      const server = cluster.names[Math.floor(random() * cluster.names.length)] ?? '';
      await Promise.all([cluster.kill(server), killPrograms()]);
      await isAcknowledged();
      await comesBack(server);
    });

    survives('a leader that stands still, and goes on', async () => {
      const leader = await cluster.leaderOf(STREAM);
      cluster.pause(leader);
      await cluster.leaderOf(STREAM, leader);
      await isAcknowledged();
      cluster.resume(leader);
      await cluster.settled();
    });

    // The last one: a leader of nats-server 2.9 that was cut off must not come back with what it had taken meanwhile.
    survives(
      'a leader that is cut off from the others, and not from its clients: they go on elsewhere',
      async () => {
        const leader = await cluster.leaderOf(STREAM);
        cluster.cutOff(leader, random() < 0.5 ? 'reset' : 'silence');
        await cluster.leaderOf(STREAM, leader);
        await isAcknowledged();
      },
    );
  }
});
