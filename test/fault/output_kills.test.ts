/** Followers and receivers killed at random, over and over: every output holds every entry of the archive once. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { seededRandom } from '../../src/shipper/random.ts';
import { FaultPair } from '../helpers/fault_pair.ts';
import { NumberedLines } from '../helpers/numbered_lines.ts';
import {
  NAMES,
  followOnce,
  numbersIn,
  outputEnv,
  startFollower,
  textOf,
} from '../helpers/output_programs.ts';
import { ReceiverProgram, runServer, startShipper, type Program } from '../helpers/programs.ts';
import { quietPort } from '../helpers/quiet_port.ts';
import { temporaryFolder, type TemporaryFolder } from '../helpers/temp_folder.ts';

const SEED = Number(process.env.FAULT_SEED ?? 20_260_131);

/** Rounds of five followers and of one receiver, fifty kills together; `FAULT_ROUNDS` makes them more. */
const SHARE = Number(process.env.FAULT_ROUNDS ?? 50) / 50;
const FOLLOWER_ROUNDS = Math.ceil(8 * SHARE);
const RECEIVER_ROUNDS = Math.ceil(10 * SHARE);

/** Many blocks, and segments every moment. */
const SMALL = { SEGMENT_MAX_BYTES: '256KiB', BATCH_MAX_BYTES: '16KiB', BATCH_INTERVAL: '0.02' };

/** kill -9 of a process that does not end by itself: one that did is told with all it said. */
async function kill(program: Program): Promise<void> {
  expect(await FaultPair.kill(program), `it ended by itself:\n${program.stdout}${program.stderr}`).toBe(true);
}

/** What was written is in the archive, and every output has all of it, once and in order. */
async function expectWhole(folder: TemporaryFolder, lines: NumberedLines, shipper: Program): Promise<void> {
  await lines.end();
  const shipped = await shipper.ended();
  expect(shipped, shipped.stderr.slice(-3000)).toMatchObject({ code: 0 });
  expect(await Promise.all(NAMES.map((name) => followOnce(folder.path, name)))).toEqual(NAMES.map(() => 0));
  for (const name of NAMES) {
    const numbers = await numbersIn(folder.path, name);
    expect(numbers.length, name).toBe(lines.count);
    const wrong = numbers.findIndex((n, index) => n !== index + 1);
    expect(wrong, name).toBe(-1);
  }
  const { stdout: archived } = await runServer(['cat', folder.in('data')]);
  expect((await textOf(folder.in('collected_logs', 'collected.jsonl'))) === archived).toBe(true);
}

test(
  'kill -9 of followers, at random, while the archive is written',
  async () => {
    await using folder = await temporaryFolder();
    const random = seededRandom(SEED);
    await using receiver = await ReceiverProgram.start(folder.in('data'), { env: SMALL });
    await using shipper = startShipper(receiver.port, ['pipe'], SMALL);
    const lines = new NumberedLines(shipper);
    for (let round = 0; round < FOLLOWER_ROUNDS; round += 1) {
      const followers = await Promise.all(NAMES.map((name) => startFollower(folder.path, name)));
      await lines.writeDuring(
        Promise.all(followers.map((follower) => delay(random() * 500).then(() => kill(follower)))),
      );
    }
    await expectWhole(folder, lines, shipper);
  },
  120_000 * Math.max(1, SHARE),
);

test(
  'kill -9 of a receiver with outputs, at random, under load',
  async () => {
    await using folder = await temporaryFolder();
    const random = seededRandom(SEED);
    const port = await quietPort();
    const env = { ...SMALL, ...outputEnv(folder.path), OUTPUTS: NAMES.join(',') };
    await using resources = new AsyncDisposableStack();
    const shipper = resources.use(startShipper(port, ['pipe'], { ...SMALL, RECONNECT_MAX_DELAY: '0.1' }));
    const lines = new NumberedLines(shipper);
    for (let round = 0; round < RECEIVER_ROUNDS; round += 1) {
      const receiver = resources.use(await ReceiverProgram.start(folder.in('data'), { port, env }));
      // Threads of outputs take a while to begin.
      await lines.writeDuring(delay(200 + random() * 1300).then(() => kill(receiver)));
    }
    const last = resources.use(await ReceiverProgram.start(folder.in('data'), { port, env }));
    await lines.end();
    await shipper.ended();
    last.kill('SIGTERM');
    expect(await last.ended()).toMatchObject({ code: 0 });
    await expectWhole(folder, lines, shipper);
  },
  120_000 * Math.max(1, SHARE),
);
