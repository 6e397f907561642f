/** Peers that take their time on purpose: what they owe has a limit, however their bytes trickle. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Receiver } from '../../src/receiver/receiver.ts';
import { HELLO, batchFrame, frame, openFrame, rawPeer, shipperPeer, typed } from '../helpers/raw_peer.ts';
import { archivedLines, testReceiver } from '../helpers/receivers.ts';
import { temporaryFolder, type TemporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const FRAME_TIMEOUT_MS = 400;
const LONG_ENTRY = frame(0, `[{"text":"${'x'.repeat(1000)}"}]`);

let folder: TemporaryFolder;
let receiver: Receiver;
beforeAll(async () => {
  folder = await temporaryFolder();
  receiver = await testReceiver(folder.path, { limits: { frameTimeoutMs: FRAME_TIMEOUT_MS } });
});

afterAll(async () => {
  await receiver[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const timeouts = (): number => receiver.ledger.errors.timeout ?? 0;

describe('a peer that trickles', () => {
  test.each([
    ['a plain frame', [], LONG_ENTRY],
    ['a header', [], Buffer.alloc(5)],
    ['a batch', [HELLO, openFrame('slow', 1)], batchFrame({ text: `{"text":"${'x'.repeat(1000)}"}\n` })],
    ['an OPEN', [HELLO], openFrame('slow')],
  ])('%s is closed, though its bytes keep arriving', async (_, before, slow) => {
    const [errors, { bytesIn }] = [timeouts(), receiver.ledger];
    await using peer = await rawPeer(receiver.port);
    peer.send(...before);
    let at = 0;
    const trickle = setInterval(() => at < slow.length - 1 && peer.send(slow.subarray(at, (at += 1))), 100);
    await peer.ended().finally(() => clearInterval(trickle));
    expect(timeouts()).toBe(errors + 1);
    expect(receiver.ledger.bytesIn - bytesIn).toBeGreaterThan(1);
    expect(peer.messages('ERROR').map(({ code }) => code)).toEqual(before.length === 0 ? [] : ['timeout']);
  });

  test('but finishes each frame in time is served, longer than any timeout', async () => {
    await using peer = await rawPeer(receiver.port);
    await using other = await rawPeer(receiver.port);
    other.send(LONG_ENTRY.subarray(0, 9));
    let sent = 0;
    const whole = frame(0, '[{"served":1}]');
    const half = whole.subarray(0, 8);
    peer.send(half);
    const trickle = setInterval(() => {
      peer.send(whole.subarray(8), half);
      sent += 1;
    }, 50);
    await other.ended().finally(() => clearInterval(trickle));
    peer.send(whole.subarray(8));
    await until('all are stored', async () => {
      const lines = await archivedLines(folder.path, '@plain');
      return lines.filter((line) => line === '{"served":1}').length === sent + 1;
    });
    expect(peer.isEnded).toBe(false);
  });
});

test('HELLO that no OPEN follows is closed, though PINGs come', async () => {
  await using peer = await rawPeer(receiver.port);
  peer.send(HELLO);
  const pings = setInterval(() => peer.send(typed('PING')), 50);
  await peer.ended().finally(() => clearInterval(pings));
  expect(peer.messages('ERROR')).toMatchObject([
    { code: 'timeout', reason: expect.stringContaining('OPEN') as string },
  ]);
});

test('plain peers and shippers that are idle between frames are let be', async () => {
  await using plain = await rawPeer(receiver.port);
  await using shipper = await shipperPeer(receiver.port, 'idle');
  plain.send(frame(0, '[{"before":1}]'));
  await using slow = await rawPeer(receiver.port);
  slow.send(LONG_ENTRY.subarray(0, 9));
  await slow.ended();
  expect([plain.isEnded, shipper.isEnded]).toEqual([false, false]);
  plain.send(frame(0, '[{"after":1}]'));
  shipper.send(batchFrame());
  await shipper.next('ACK');
  await until('it is stored', async () => (await archivedLines(folder.path)).includes('{"after":1}'));
});

test('a peer that never reads its answers is not read, and then closed', async () => {
  const errors = timeouts();
  const { connections } = receiver.ledger;
  await using peer = await rawPeer(receiver.port, 'not reading');
  peer.send(HELLO, openFrame('deaf'));
  const flood = Buffer.concat(Array.from({ length: 1000 }, () => typed('PING', 'x'.repeat(64))));
  const pushing = setInterval(() => {
    for (let n = 0; n < 100 && peer.socket.writableLength < flood.length; n += 1) peer.socket.write(flood);
  }, 1);
  await until('it is closed for that', () => timeouts() === errors + 1).finally(() => clearInterval(pushing));
  await until('it is forgotten', () => receiver.ledger.connections === connections);
});
