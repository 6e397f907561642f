import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { OpenSharedLog } from '../../src/receiver/open_log.ts';
import { JetStreamLog } from '../../src/jetstream/jetstream_log.ts';
import { httpReceiver } from '../helpers/http_receivers.ts';
import { NatsServer } from '../helpers/nats_server.ts';
import {
  HELLO,
  acknowledged,
  batchFrame,
  frame,
  openFrame,
  rawPeer,
  shipperPeer,
} from '../helpers/raw_peer.ts';
import { testReceiver } from '../helpers/receivers.ts';
import { blocksIn, logOptions, sequencesOf, upTo } from '../helpers/stream_logs.ts';
import { temporaryFolder, type TemporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

let server: NatsServer;
let folder: TemporaryFolder;
beforeAll(async () => {
  server = await NatsServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

const shared =
  (stream: string, url = server.url): OpenSharedLog =>
  (report) =>
    JetStreamLog.open({ ...logOptions(url, stream), report });

const receiverOf = (stream: string, name = 'one') =>
  testReceiver(folder.in(name), { openSharedLog: shared(stream) });

describe('receivers without state', () => {
  test('a shipper that comes to another one goes on where it was', async () => {
    await using one = await receiverOf('Moves');
    await using two = await receiverOf('Moves', 'two');
    await using before = await shipperPeer(one.port, 'web-1', 5);
    before.send(...upTo(3).map((sequence) => batchFrame({ sequence })));
    await until('three are acknowledged', () => acknowledged(before) === 3);
    await using after = await shipperPeer(two.port, 'web-1', 5);
    expect(after.messages('READY')).toMatchObject([{ epoch: 5, sequence: 3 }]);
    after.send(batchFrame({ sequence: 3 }), batchFrame({ sequence: 4 }));
    await until('four are acknowledged', () => acknowledged(after) === 4);
    expect(two.ledger).toMatchObject({ received: 2, repeated: 1, stored: 1, inHand: 0 });
    before.send(batchFrame({ sequence: 4, text: '{"n":"late"}\n' }));
    expect(await before.next('ERROR')).toBeDefined();
    expect(before.messages('ERROR')).toMatchObject([{ code: 'unavailable' }]);
    expect(await sequencesOf(server.url, 'Moves', 'web-1')).toEqual(upTo(4));
  });

  test('what plain peers and HTTP send goes the same way; of files of users nothing is said', async () => {
    const wishes = { openSharedLog: shared('Ways'), isLogOnly: true };
    await using http = await httpReceiver(folder, wishes);
    const event = { user_id: 'u1', event: 'login', timestamp: 1_700_000_000 };
    expect(await http.post(event)).toMatchObject({ status: 200 });
    expect(await http.get('/stats')).toMatchObject({ status: 404 });
    await using plain = await rawPeer(http.receiver.port);
    plain.send(frame(0, '[{"n":1},{"n":2}]'));
    plain.socket.end();
    await until('all is stored', () => http.receiver.ledger.stored === 3);
    const blocks = await blocksIn(server.url, 'Ways');
    expect(
      blocks.map(({ shipperId, count }) => [shipperId.replace(/-[0-9a-f]{8}$/, ''), count]).toSorted(),
    ).toEqual([
      ['@http', 1],
      ['@plain', 2],
    ]);
  });
});

test('while NATS is away nothing is acknowledged, and that is said; then all is', async () => {
  await using receiver = await receiverOf('Away');
  await using peer = await shipperPeer(receiver.port, 'web-1', 5);
  peer.send(batchFrame({ sequence: 1 }));
  await until('one is acknowledged', () => acknowledged(peer) === 1);
  await server.kill();
  await until(
    'the receiver says so, with nothing to do',
    () => receiver.health.state === 'not_acknowledging',
  );
  peer.send(batchFrame({ sequence: 2 }), batchFrame({ sequence: 3 }));
  expect(receiver.ledger.isAcknowledging).toBe(false);
  await using other = await rawPeer(receiver.port);
  other.send(HELLO, openFrame('web-2'));
  expect(await other.next('ERROR')).toBeDefined();
  expect(other.messages('ERROR')).toMatchObject([{ code: 'unavailable' }]);
  expect(acknowledged(peer)).toBe(1);
  await server.again();
  await until('all is acknowledged', () => acknowledged(peer) === 3);
  expect(receiver.health).toEqual({ state: 'ok' });
  expect(receiver.ledger.publishFailures).toBeGreaterThan(0);
  expect(await sequencesOf(server.url, 'Away', 'web-1')).toEqual(upTo(3));
}, 60_000);

describe('a server with small messages', () => {
  test('lowers what shippers are told; a batch past that is rejected, with the reason', async () => {
    await using small = await NatsServer.start({ maxPayload: '256KB' });
    await using receiver = await testReceiver(folder.in('small'), {
      openSharedLog: shared('Small', small.url),
      limits: { maxFrameBytes: 4 * 1024 * 1024, maxBatchBytes: 4 * 1024 * 1024 },
    });
    await using peer = await shipperPeer(receiver.port, 'web-1', 5);
    const [welcome] = peer.messages('WELCOME') as [{ maxFrameBytes: number; maxBatchBytes: number }];
    expect(welcome.maxBatchBytes).toBeLessThan(256 * 1024);
    expect(welcome.maxFrameBytes).toBe(welcome.maxBatchBytes);
    const longest = `{"t":"${randomBytes(welcome.maxBatchBytes)
      .toString('latin1')
      .replace(/[^!#-\[\]-~]/g, 'x')}`;
    const text = `${longest.slice(0, welcome.maxBatchBytes - 3)}"}\n`;
    const tooLong = '{"n":2}\n'.repeat(60_000);
    peer.send(batchFrame({ sequence: 1, text, algorithm: 'gzip', body: gzipSync(text, { level: 1 }) }));
    peer.send(batchFrame({ sequence: 2, text: tooLong, algorithm: 'gzip', body: gzipSync(tooLong) }));
    peer.send(batchFrame({ sequence: 3 }));
    await until('all is answered', () => acknowledged(peer) === 3);
    expect(peer.messages('REJECT')).toMatchObject([{ sequence: 2, code: 'batch_too_large' }]);
    expect(await sequencesOf(small.url, 'Small', 'web-1')).toEqual([1, 2, 3]);
  });

  test('by now, which was larger before: whoever comes next is told', async () => {
    const wishes = { maxPayload: '1MB' };
    await using shrinking = await NatsServer.start(wishes);
    await using receiver = await testReceiver(folder.in('shrinking'), {
      openSharedLog: shared('Shrinking', shrinking.url),
      limits: { maxFrameBytes: 4 * 1024 * 1024, maxBatchBytes: 4 * 1024 * 1024 },
    });
    await shrinking.stop();
    await until('it is gone', () => receiver.health.state === 'not_acknowledging');
    wishes.maxPayload = '256KB';
    await shrinking.again();
    await until('it is back', () => receiver.health.state === 'ok');
    await using peer = await shipperPeer(receiver.port, 'web-1', 5);
    const [welcome] = peer.messages('WELCOME') as [{ maxFrameBytes: number; maxBatchBytes: number }];
    expect(welcome.maxBatchBytes).toBeLessThan(256 * 1024);
    expect(welcome.maxFrameBytes).toBe(welcome.maxBatchBytes);
  });
});
