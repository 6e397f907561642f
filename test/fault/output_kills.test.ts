/** Followers and receivers killed at random, over and over: every output holds every entry of the archive once. */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { seededRandom } from '../../src/shipper/random.ts';
import { FaultPair } from '../helpers/fault_pair.ts';
import { writeNumberedFile } from '../helpers/numbered_file.ts';
import {
  NAMES,
  followOnce,
  numbersIn,
  outputEnv,
  startFollower,
  textOf,
} from '../helpers/output_programs.ts';
import { ReceiverProgram, startShipper } from '../helpers/programs.ts';
import { quietPort } from '../helpers/quiet_port.ts';
import { temporaryFolder, type TemporaryFolder } from '../helpers/temp_folder.ts';

const SEED = Number(process.env.FAULT_SEED ?? 20_260_131);

/** Rounds of five followers and of one receiver, fifty kills together; `FAULT_ROUNDS` makes them more. */
const SHARE = Number(process.env.FAULT_ROUNDS ?? 50) / 50;
const FOLLOWER_ROUNDS = Math.ceil(8 * SHARE);
const RECEIVER_ROUNDS = Math.ceil(10 * SHARE);

const ENTRIES = 80_000;

/** Many blocks, and segments every moment. */
const SMALL = { SEGMENT_MAX_BYTES: '256KiB', BATCH_MAX_BYTES: '16KiB' };

async function expectWhole(folder: TemporaryFolder, file: string): Promise<void> {
  const codes = await Promise.all(NAMES.map((name) => followOnce(folder.path, name)));
  expect(codes).toEqual(NAMES.map(() => 0));
  for (const name of NAMES) {
    const numbers = await numbersIn(folder.path, name);
    expect(numbers.length, name).toBe(ENTRIES);
    expect(
      numbers.findIndex((n, index) => n !== index + 1),
      name,
    ).toBe(-1);
  }
  expect(await textOf(folder.in('collected_logs', 'collected.jsonl'))).toBe(await readFile(file, 'utf8'));
}

test(
  'kill -9 of followers, at random, while the archive is written',
  async () => {
    await using folder = await temporaryFolder();
    const file = folder.in('input.jsonl');
    await writeNumberedFile(file, ENTRIES);
    const random = seededRandom(SEED);
    await using receiver = await ReceiverProgram.start(folder.in('data'), { env: SMALL });
    await using shipper = startShipper(receiver.port, ['send', file], SMALL);
    for (let round = 0; round < FOLLOWER_ROUNDS; round += 1) {
      const followers = await Promise.all(NAMES.map((name) => startFollower(folder.path, name)));
      await Promise.all(
        followers.map(async (follower) => {
          await delay(random() * 500);
          expect(await FaultPair.kill(follower), `${follower.stdout}${follower.stderr}`).toBe(true);
        }),
      );
    }
    expect(await shipper.ended()).toMatchObject({ code: 0 });
    await expectWhole(folder, file);
  },
  120_000 * Math.max(1, SHARE),
);

test(
  'kill -9 of a receiver with outputs, at random, under load',
  async () => {
    await using folder = await temporaryFolder();
    const file = folder.in('input.jsonl');
    await writeNumberedFile(file, ENTRIES);
    const random = seededRandom(SEED);
    const port = await quietPort();
    const env = { ...SMALL, ...outputEnv(folder.path), OUTPUTS: NAMES.join(',') };
    await using resources = new AsyncDisposableStack();
    const shipper = resources.use(
      startShipper(port, ['send', file], { ...SMALL, RECONNECT_MAX_DELAY: '0.1' }),
    );
    for (let round = 0; round < RECEIVER_ROUNDS; round += 1) {
      const receiver = resources.use(await ReceiverProgram.start(folder.in('data'), { port, env }));
      await delay(random() * 800);
      expect(await FaultPair.kill(receiver)).toBe(true);
    }
    const last = resources.use(await ReceiverProgram.start(folder.in('data'), { port, env }));
    expect(await shipper.ended()).toMatchObject({ code: 0 });
    last.kill('SIGTERM');
    expect(await last.ended()).toMatchObject({ code: 0 });
    await expectWhole(folder, file);
  },
  120_000 * Math.max(1, SHARE),
);
