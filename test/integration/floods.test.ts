/** A peer that asks for much and listens to nothing is not read any more, instead of being kept in memory. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Receiver } from '../../src/receiver/receiver.ts';
import { FaultyDisk } from '../helpers/faulty_disk.ts';
import {
  HELLO,
  batchFrame,
  openFrame,
  rawPeer,
  shipperPeer,
  typed,
  type RawPeer,
} from '../helpers/raw_peer.ts';
import { testReceiver } from '../helpers/receivers.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';
import { WitnessedReceiver } from '../helpers/witness.ts';

const MIB = 1024 * 1024;
const WINDOW_BYTES = 64 * 1024;

/** Looks in a row without anything read, each a turn of the event loop. */
const LOOKS = 40;

test.each([
  ['PINGs', typed('PING', 'x'.repeat(64)), 64 * MIB],
  ['batches that are rejected', batchFrame({ crc: 1 }), 6 * MIB],
])('%s whose answers are never read', async (_, one, bytes) => {
  const tested = await WitnessedReceiver.start({ limits: { windowBytes: WINDOW_BYTES } });
  {
    await using peer = await rawPeer(tested.receiver.port, 'not reading');
    peer.send(HELLO, openFrame('flood'));
    const isStuck = await isHeldUp(peer, tested.receiver, one, bytes);
    expect(isStuck, `the receiver read ${bytes} bytes and kept all the answers`).toBe(true);
    await tested.shipsOn();
  }
  expect(await tested.end()).toMatchObject({ code: 0, isWitnessWhole: true });
});

test('frames without a payload, while the disk takes nothing', async () => {
  await using folder = await temporaryFolder();
  const disk = new FaultyDisk();
  await using receiver = await testReceiver(folder.path, {
    limits: { windowBytes: WINDOW_BYTES },
    archive: { disk, retryAfterMs: 5 },
  });
  await using peer = await shipperPeer(receiver.port, 'flood');
  disk.faults.add('sync');
  peer.send(batchFrame(), typed('BYE', '{}'));
  await until('the disk is in trouble', () => receiver.trouble !== undefined);
  const isStuck = await isHeldUp(peer, receiver, typed('PONG'), 2 * MIB);
  disk.faults.clear();
  await peer.ended();
  expect(isStuck, 'the receiver queued hundreds of thousands of frames behind one that waits').toBe(true);
});

/**
 * Sends `one` again and again. True once the receiver has stopped reading for as long as forty looks take; false when it
 * has read `bytes`.
 */
async function isHeldUp(
  { socket }: RawPeer,
  { ledger }: Receiver,
  one: Buffer,
  bytes: number,
): Promise<boolean> {
  const flood = Buffer.concat(Array.from({ length: Math.ceil(65_536 / one.length) }, () => one));
  const end = ledger.bytesIn + bytes;
  let looks = 0;
  for (let seen = -1; looks < LOOKS && ledger.bytesIn < end;) {
    while (socket.writableLength < flood.length) socket.write(flood);
    await delay(10);
    looks = ledger.bytesIn === seen ? looks + 1 : 0;
    seen = ledger.bytesIn;
  }
  return looks === LOOKS;
}
