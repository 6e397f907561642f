import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Receiver } from '../../src/receiver/receiver.ts';
import { HELLO, batchFrame, frame, openFrame, rawPeer, shipperPeer, typed } from '../helpers/raw_peer.ts';
import { archivedLines, testReceiver } from '../helpers/receivers.ts';
import { temporaryFolder, type TemporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const IDLE_TIMEOUT_MS = 200;

let folder: TemporaryFolder;
let receiver: Receiver;
beforeAll(async () => {
  folder = await temporaryFolder();
  receiver = await testReceiver(folder.path, { limits: { idleTimeoutMs: IDLE_TIMEOUT_MS } });
});

afterAll(async () => {
  await receiver[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

test.each([
  ['before the first byte', Buffer.alloc(0)],
  ['inside a header', frame(0, '[]').subarray(0, 3)],
  ['inside a payload', frame(0, '[{"a":1}]').subarray(0, -1)],
])('a plain peer that falls silent %s is closed, without a word', async (_, bytes) => {
  const timeouts = receiver.ledger.errors.timeout ?? 0;
  await using peer = await rawPeer(receiver.port);
  peer.send(bytes);
  await peer.ended();
  expect(peer.bytesReceived).toBe(0);
  expect(receiver.ledger.errors.timeout).toBe(timeouts + 1);
});

test.each([
  ['after HELLO', [HELLO]],
  ['after OPEN', [HELLO, openFrame('a')]],
  ['inside a batch', [HELLO, openFrame('a', 1), batchFrame().subarray(0, -1)]],
])('a shipper that falls silent %s gets ERROR timeout', async (_, pieces) => {
  await using peer = await rawPeer(receiver.port);
  peer.send(...pieces);
  await peer.ended();
  expect(peer.messages('ERROR')).toMatchObject([{ code: 'timeout' }]);
});

test('a plain peer that is silent between frames is let be, longer than any timeout, and its next frame is taken', async () => {
  await using peer = await rawPeer(receiver.port);
  peer.send(frame(0, '[{"before":1}]'));
  await using other = await rawPeer(receiver.port);
  await other.ended();
  await using third = await rawPeer(receiver.port);
  await third.ended();
  peer.send(frame(0, '[{"after":1}]'));
  await until('it is stored', async () =>
    (await archivedLines(folder.path, '@plain')).includes('{"after":1}'),
  );
  expect(peer.isEnded).toBe(false);
});

test('a shipper that sends PING stays connected', async () => {
  await using peer = await shipperPeer(receiver.port, 'alive');
  const pings = setInterval(() => peer.send(typed('PING')), IDLE_TIMEOUT_MS / 4);
  await using other = await rawPeer(receiver.port);
  await other.ended();
  await using third = await rawPeer(receiver.port);
  await third.ended();
  clearInterval(pings);
  expect(peer.isEnded).toBe(false);
  peer.send(batchFrame());
  await peer.next('ACK');
});
