/** Logs rotated in every way while what ships them is killed: each line is archived exactly once. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { seededRandom } from '../../src/shipper/random.ts';
import { FaultPair } from '../helpers/fault_pair.ts';
import { RotatingLogs } from '../helpers/rotating_logs.ts';
import { TailPair } from '../helpers/tail_pair.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

const SEED = Number(process.env.FAULT_SEED ?? 20_260_214);
const ROUNDS = Math.ceil(Number(process.env.FAULT_ROUNDS ?? 50) / 5);
const LOGS = 200;

test(
  `${LOGS} logs, renamed, copied and cut, packed, recreated, while the shipper is killed, and while it is down`,
  async () => {
    await using folder = await temporaryFolder();
    const random = seededRandom(SEED);
    const below = (n: number): number => Math.floor(random() * n);
    const path = join(folder.path, 'logs');
    await mkdir(path);
    const logs = new RotatingLogs(path, random);
    await using pair = await TailPair.in(folder.path, join(path, '*.log*'));
    let kills = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const isDown = random() < 0.3;
      if (!isDown) await pair.start();
      for (let step = 0; step < 60; step += 1) {
        await oneStep(logs, `${below(LOGS)}.log`, below(10));
        if (random() < 0.2) await delay(below(60));
      }
      kills += Number(await FaultPair.kill(pair.shipper));
      if (random() < 0.3) await FaultPair.kill(pair.receiver);
    }
    expect(kills).toBeGreaterThan(0);
    await pair.expectExactly(logs.lines);
  },
  120_000 + ROUNDS * 5000,
);

async function oneStep(logs: RotatingLogs, name: string, kind: number): Promise<void> {
  await logs.write(name, 1 + kind * 5);
  if (kind === 0) await logs.rename(name);
  if (kind === 1) await logs.copyTruncate(name);
  if (kind === 2) await logs.pack(name);
}

/** A log, its shipper and its receiver, both running, with a few lines shipped. */
async function started(pattern = 'app.log*') {
  const folder = await temporaryFolder();
  const path = join(folder.path, 'logs');
  await mkdir(path);
  const logs = new RotatingLogs(path, seededRandom(SEED));
  const pair = await TailPair.in(folder.path, join(path, pattern));
  await logs.write('app.log', 100);
  await pair.start();
  await pair.has(100);
  return {
    logs,
    pair,
    async [Symbol.asyncDispose]() {
      await pair[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

type Scenario = (logs: RotatingLogs, pair: TailPair) => Promise<void>;

const SCENARIOS: readonly (readonly [string, Scenario])[] = [
  [
    'Fluent Bit #1330, #5024: renamed several times while the shipper is down',
    async (logs, pair) => {
      await logs.write('app.log', 50);
      await pair.kill();
      for (let rotations = 0; rotations < 3; rotations += 1) {
        await logs.write('app.log', 50);
        await logs.rename('app.log');
      }
      await logs.write('app.log', 50);
    },
  ],
  [
    'Filebeat #39731, #45300: copied and cut, before and after a kill',
    async (logs, pair) => {
      await logs.copyTruncate('app.log');
      await logs.write('app.log', 50);
      await pair.kill();
      await logs.write('app.log', 50);
      await logs.copyTruncate('app.log');
      await logs.write('app.log', 500);
    },
  ],
  [
    'Vector #7990: packed after rotation, before and after a kill',
    async (logs, pair) => {
      await logs.rename('app.log');
      await logs.pack('app.log');
      await logs.write('app.log', 200);
      await pair.has(300);
      await pair.kill();
      await logs.write('app.log', 50);
      await logs.rename('app.log');
      await logs.pack('app.log');
      await logs.write('app.log', 50);
    },
  ],
  [
    'Filebeat #1341: deleted and written anew, again and again, with the inode of the one before',
    async (logs, pair) => {
      for (let times = 0; times < 3; times += 1) {
        await pair.has(logs.lines);
        await pair.kill();
        await logs.recreate('app.log', 50 + times);
        pair.startShipper();
      }
    },
  ],
  [
    'Fluent Bit #10414: renamed again and again while the receiver is away',
    async (logs, pair) => {
      await FaultPair.kill(pair.receiver);
      for (let rotations = 0; rotations < 4; rotations += 1) {
        await logs.write('app.log', 2000);
        await logs.rename('app.log');
        await delay(100);
      }
    },
  ],
];

test.each(SCENARIOS)('%s', async (_, scenario) => {
  await using run = await started();
  await scenario(run.logs, run.pair);
  await run.pair.expectExactly(run.logs.lines);
});

test('a receiver whose archive was lost gets everything that is there again, and the shipper runs on', async () => {
  await using run = await started();
  const { logs, pair } = run;
  await FaultPair.kill(pair.receiver);
  await rm(pair.data, { recursive: true });
  await logs.write('app.log', 50);
  await pair.startReceiver();
  await pair.has(150);
  expect(FaultPair.isAlive(pair.shipper)).toBe(true);
  await pair.expectExactly(150);
});
