import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { seededRandom } from '../../src/shipper/random.ts';
import { FaultPair } from '../helpers/fault_pair.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

/** Together fifty; `FAULT_ROUNDS` multiplies them to at least so many, `FAULT_SEED` makes others. */
const ROUNDS = [
  { env: { FSYNC: 'always' }, share: 0.52 },
  { env: { FSYNC: 'interval', FSYNC_INTERVAL: '0.05' }, share: 0.24 },
  { env: { FSYNC: 'always', ARCHIVE_FORMAT: 'zstd', COMPRESSION_ALGORITHM: 'zstd' }, share: 0.24 },
] as const;
const TOTAL = Number(process.env.FAULT_ROUNDS ?? 50);
const SEED = Number(process.env.FAULT_SEED ?? 20_260_131);

/** Lines the file grows by in a round: some 60 KB of archive, so a segment or so. */
const LINES_A_ROUND = 4000;
const ARCHIVED_A_ROUND = 50_000;

/** A start takes about this long: a kill within it finds a process that loads, recovers or greets. */
const START_MS = 400;

const VICTIMS = ['shipper', 'receiver', 'both', 'shipper at its start', 'receiver at its start'] as const;

test.each(ROUNDS)(
  'kill -9 of shipper, receiver and both, at random: nothing lost, nothing twice ($env)',
  async ({ env, share }) => {
    await using folder = await temporaryFolder();
    await using pair = await FaultPair.in(folder.path, env);
    const random = seededRandom(SEED);
    const rounds = Math.ceil(TOTAL * share);
    let kills = 0;
    for (let round = 0; round < rounds; round += 1) {
      await pair.grow(LINES_A_ROUND);
      kills += await oneRound(pair, VICTIMS[round % VICTIMS.length] ?? 'both', random);
      pair.expectNoFailure();
    }
    expect(kills, 'processes that were alive when they were killed').toBeGreaterThanOrEqual(rounds * 0.9);
    await pair.expectWholeAtTheEnd();
  },
  60_000 + TOTAL * 4000,
);

/** Brings both up, lets them work to a random point, kills; the answer is how many were alive then. */
async function oneRound(
  pair: FaultPair,
  victim: (typeof VICTIMS)[number],
  random: () => number,
): Promise<number> {
  if (victim === 'receiver at its start') {
    await FaultPair.kill(pair.receiver);
    pair.launchReceiver();
    await delay(Math.floor(random() * START_MS));
    return Number(await FaultPair.kill(pair.receiver));
  }
  if (!FaultPair.isAlive(pair.receiver)) await pair.startReceiver();
  if (!FaultPair.isAlive(pair.shipper)) pair.startShipper();
  if (victim === 'shipper at its start') {
    await delay(Math.floor(random() * START_MS));
    return Number(await FaultPair.kill(pair.shipper));
  }
  await pair.reaches((await pair.archived()) + random() * ARCHIVED_A_ROUND);
  const killed = await Promise.all([
    victim === 'receiver' ? false : FaultPair.kill(pair.shipper),
    victim === 'shipper' ? false : FaultPair.kill(pair.receiver),
  ]);
  return Number(killed.some(Boolean));
}

test('a receiver that was killed while it took over the lock of a killed one does not keep the next one out', async () => {
  await using folder = await temporaryFolder();
  await using pair = await FaultPair.in(folder.path);
  await pair.startReceiver();
  expect(await FaultPair.kill(pair.receiver)).toBe(true);
  await mkdir(join(pair.data, 'lock.sock.turn'));
  await pair.startReceiver();
  await pair.expectWholeAtTheEnd();
});
