/** Logs rotated in every way while what ships them is killed: each line is archived exactly once. */
import { mkdir } from 'node:fs/promises';
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
