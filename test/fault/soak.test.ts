/** A pair that runs for long: `SOAK_MINUTES` of it, or twenty seconds where nothing is said. Nothing it holds may grow. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ReceiverProgram, runServer, startShipper, type Program } from '../helpers/programs.ts';
import { batchFrame, frame, rawPeer, shipperPeer } from '../helpers/raw_peer.ts';
import { holdingOf, median, type Holding } from '../helpers/soak.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const MINUTES = Number(process.env.SOAK_MINUTES ?? 1 / 3);
const RATE = 5000;
const MAX_LAG_SECONDS = 3;
const MAX_RSS_BYTES = 400 * 1024 * 1024;
const GROWTH_BYTES = 40 * 1024 * 1024;

test(
  'memory, descriptors and lag stay where they are while peers come and go',
  async () => {
    await using folder = await temporaryFolder();
    await using receiver = await ReceiverProgram.start(folder.in('data'));
    await using shipper = startShipper(
      receiver.port,
      ['--run-time', '0', '--log-rate', String(RATE), '--interval', '50'],
      { SHIPPER_ID: 'soak' },
    );
    await receiver.hasStored(RATE);
    const atStart = await holdingOf(pidOf(receiver));
    const shipperAtStart = await holdingOf(pidOf(shipper));
    const held: Holding[] = [];
    const end = performance.now() + MINUTES * 60_000;
    for (let round = 0; performance.now() < end; round += 1) {
      await comeAndGo(receiver.port, round);
      held.push(await holdingOf(pidOf(receiver)));
      await delay(100);
    }
    await until(
      'descriptors are back',
      async () => (await holdingOf(pidOf(receiver))).descriptors <= atStart.descriptors,
    );
    expect((await holdingOf(pidOf(shipper))).descriptors).toBeLessThanOrEqual(shipperAtStart.descriptors);
    const rss = held.map(({ rssBytes }) => rssBytes);
    expect(Math.max(...rss)).toBeLessThan(MAX_RSS_BYTES);
    const half = Math.floor(rss.length / 2);
    expect(median(rss.slice(-half / 2))).toBeLessThan(median(rss.slice(half / 2, half)) * 1.2 + GROWTH_BYTES);
    expectLittleLag(shipper);
    shipper.kill('SIGTERM');
    expect(await shipper.ended()).toMatchObject({ code: 0 });
    expect(shipper.log.at(-1)).toMatchObject({ inFlight: 0, connections: 1, rejected: 0 });
    receiver.kill('SIGTERM');
    expect(await receiver.ended()).toMatchObject({ code: 0 });
    expect(await runServer(['verify', folder.in('data')])).toMatchObject({ code: 0 });
  },
  MINUTES * 60_000 + 60_000,
);

/** A plain peer that says something, a shipper that stops half-way, one that only connects, and one that talks nonsense. */
async function comeAndGo(port: number, round: number): Promise<void> {
  await using plain = await rawPeer(port);
  plain.send(frame(0, `[{"round":${round}}]`));
  await using half = await shipperPeer(port, `visitor-${round % 50}`);
  half.send(batchFrame({ sequence: Number(half.messages('READY')[0]?.sequence) + 1 }).subarray(0, 20));
  await using silent = await rawPeer(port);
  silent.socket.setNoDelay(true);
  await using nonsense = await rawPeer(port);
  nonsense.send(Buffer.alloc(64, 0xff));
  await nonsense.ended();
}

/** The shipper says how much is on its way now and then. */
function expectLittleLag(shipper: Program): void {
  const lags = shipper.log.flatMap(({ msg, inFlight }) => (msg === 'progress' ? [inFlight as number] : []));
  expect(lags.length).toBeGreaterThan(0);
  expect(Math.max(...lags)).toBeLessThan(RATE * MAX_LAG_SECONDS);
}

function pidOf({ child }: Program): number {
  if (child.pid === undefined) throw new Error('it has not started');
  return child.pid;
}
