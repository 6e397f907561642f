import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Receiver } from '../../src/receiver/receiver.ts';
import {
  HELLO,
  acknowledged,
  batchFrame,
  openFrame,
  rawPeer,
  shipperPeer,
  typed,
  type RawPeer,
} from '../helpers/raw_peer.ts';
import { archivedHeaders, archivedLines, testReceiver } from '../helpers/receivers.ts';
import { temporaryFolder, type TemporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const WINDOW_BYTES = 64 * 1024;

let folder: TemporaryFolder;
let receiver: Receiver;
beforeEach(async () => {
  folder = await temporaryFolder();
  receiver = await testReceiver(folder.path, { limits: { windowBytes: WINDOW_BYTES } });
});

afterEach(async () => {
  await receiver[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const isAcknowledged = (peer: RawPeer, sequence: number): Promise<void> =>
  until(`batch ${sequence} is acknowledged`, () => acknowledged(peer) === sequence);

describe('the greeting', () => {
  test('HELLO is answered by WELCOME, with the limits', async () => {
    await using peer = await rawPeer(receiver.port);
    peer.send(HELLO);
    await peer.next('WELCOME');
    expect(peer.messages('WELCOME')).toEqual([
      {
        ...{ version: 1, algorithms: ['none', 'gzip', 'zlib', 'zstd'], tokenWanted: false },
        ...{ maxFrameBytes: 256 * 1024, maxBatchBytes: 1024 * 1024 },
      },
    ]);
  });

  test('a stranger that names no epoch gets a new one, and is at the start', async () => {
    await using peer = await shipperPeer(receiver.port, 'a');
    const [ready] = peer.messages('READY');
    expect(ready).toEqual({
      epoch: expect.any(Number) as number,
      sequence: 0,
      positions: {},
      windowBytes: WINDOW_BYTES,
    });
  });

  test('a known shipper is told its place: epoch, sequence, positions', async () => {
    const position = { offset: 12, head: 'ab', headBytes: 2 };
    {
      await using peer = await shipperPeer(receiver.port, 'a', 7);
      peer.send(
        batchFrame({ positions: JSON.stringify({ '/x': position, __proto__: null }) }),
        batchFrame({ sequence: 2 }),
      );
      await isAcknowledged(peer, 2);
    }
    await using again = await shipperPeer(receiver.port, 'a');
    expect(again.messages('READY')).toMatchObject([{ epoch: 7, sequence: 2, positions: { '/x': position } }]);
    await using other = await shipperPeer(receiver.port, 'b');
    expect(other.messages('READY')).toMatchObject([{ sequence: 0, positions: {} }]);
  });

  test('a shipper with a new epoch starts its numbers again', async () => {
    await using peer = await shipperPeer(receiver.port, 'a', 7);
    peer.send(batchFrame(), batchFrame({ sequence: 2 }));
    await isAcknowledged(peer, 2);
    await using again = await shipperPeer(receiver.port, 'a', 8);
    expect(again.messages('READY')).toMatchObject([{ epoch: 8, sequence: 0 }]);
    again.send(batchFrame({ text: '{"second":1}\n' }));
    await isAcknowledged(again, 1);
    expect(await archivedLines(folder.path, 'a')).toEqual(['{"n":1}', '{"n":1}', '{"second":1}']);
  });

  test('HELLO, OPEN and batches may come in one go, or byte by byte', async () => {
    const bytes = Buffer.concat([HELLO, openFrame('a', 7), batchFrame(), batchFrame({ sequence: 2 })]);
    await using peer = await rawPeer(receiver.port);
    peer.send(bytes);
    await isAcknowledged(peer, 2);
    await using slow = await rawPeer(receiver.port);
    for (const byte of bytes) slow.send(Buffer.of(byte));
    await isAcknowledged(slow, 2);
    expect(receiver.ledger).toMatchObject({ stored: 2, repeated: 2 });
  });
});

describe('batches', () => {
  test('one that comes again is acknowledged, and not stored twice', async () => {
    await using peer = await shipperPeer(receiver.port, 'a');
    peer.send(batchFrame(), batchFrame({ sequence: 2 }));
    await isAcknowledged(peer, 2);
    const acks = peer.frames.length;
    peer.send(batchFrame());
    await until('it is answered', () => peer.frames.length > acks);
    expect(acknowledged(peer)).toBe(2);
    expect(receiver.ledger).toMatchObject({ received: 3, stored: 2, repeated: 1, inHand: 0, errors: {} });
    expect(await archivedHeaders(folder.path, 'a')).toHaveLength(2);
  });

  test('a rejected one that comes again is rejected again', async () => {
    await using peer = await shipperPeer(receiver.port, 'a');
    const wrong = batchFrame({ count: 2 });
    peer.send(wrong, batchFrame({ sequence: 2 }), wrong, batchFrame({ sequence: 3 }));
    await isAcknowledged(peer, 3);
    expect(peer.messages('REJECT').map(({ sequence, code }) => [sequence, code])).toEqual([
      [1, 'count_mismatch'],
      [1, 'count_mismatch'],
    ]);
    expect(await archivedHeaders(folder.path, 'a')).toHaveLength(3);
  });

  test('GAP takes the place of batches that never come, and is acknowledged', async () => {
    await using peer = await shipperPeer(receiver.port, 'a');
    const gap = typed('GAP', JSON.stringify({ from: 2, to: 5, entries: 40, reason: 'spool full' }));
    peer.send(batchFrame(), gap, batchFrame({ sequence: 6 }), gap);
    await isAcknowledged(peer, 6);
    const headers = await archivedHeaders(folder.path, 'a');
    expect(headers.map(({ sequence }) => sequence)).toEqual([1, 5, 6]);
    expect(headers[1]?.gap).toEqual({ from: 2, entries: 40, reason: 'spool full' });
    await until('the repeated one is counted', () => receiver.ledger.inHand === 0);
    expect(receiver.ledger.lost).toBe(40);
  });

  test('many in one write are acknowledged by few ACKs, the last one for all', async () => {
    await using peer = await shipperPeer(receiver.port, 'a');
    peer.send(
      ...Array.from({ length: 500 }, (_, n) => batchFrame({ sequence: n + 1, text: `{"n":${n + 1}}\n` })),
    );
    await isAcknowledged(peer, 500);
    expect(
      (await archivedLines(folder.path, 'a')).map((line) => (JSON.parse(line) as { n: number }).n),
    ).toEqual(Array.from({ length: 500 }, (_, n) => n + 1));
  });

  test('a connection may take more than a window in all', async () => {
    await using peer = await shipperPeer(receiver.port, 'a');
    const text = `{"filler":"${'x'.repeat(30_000)}"}\n`;
    peer.send(...Array.from({ length: 40 }, (_, n) => batchFrame({ sequence: n + 1, text })));
    await isAcknowledged(peer, 40);
  });
});

describe('the end', () => {
  test('PING is answered by PONG with the same payload, also before OPEN', async () => {
    await using peer = await rawPeer(receiver.port);
    peer.send(HELLO, typed('PING', 'here?'));
    expect((await peer.next('PONG')).payload.toString()).toBe('here?');
  });

  test('BYE is answered after the ACK of all that came before, then the connection ends', async () => {
    await using peer = await shipperPeer(receiver.port, 'a');
    peer.send(...Array.from({ length: 20 }, (_, n) => batchFrame({ sequence: n + 1 })), typed('BYE', '{}'));
    await peer.ended();
    expect(acknowledged(peer)).toBe(20);
    expect(peer.frames.at(-1)?.type).toBe('BYE');
    expect(peer.messages('BYE')).toEqual([{}]);
    expect(receiver.ledger.errors).toEqual({});
  });

  test('a shipper that half-closes after its last batch still gets its ACK', async () => {
    await using peer = await rawPeer(receiver.port);
    peer.send(
      HELLO,
      openFrame('a'),
      ...Array.from({ length: 20 }, (_, n) => batchFrame({ sequence: n + 1 })),
    );
    peer.socket.end();
    await peer.ended();
    expect(acknowledged(peer)).toBe(20);
    expect(receiver.ledger.errors).toEqual({});
  });

  test('what is behind BYE is not taken', async () => {
    await using peer = await shipperPeer(receiver.port, 'a');
    peer.send(batchFrame(), typed('BYE', '{}'), batchFrame({ sequence: 2 }));
    await peer.ended();
    expect(acknowledged(peer)).toBe(1);
  });
});

describe('a second connection with the same id', () => {
  test('takes over: the first gets ERROR taken_over, the newer goes on behind what is durable', async () => {
    await using first = await shipperPeer(receiver.port, 'a', 7);
    first.send(batchFrame(), batchFrame({ sequence: 2 }));
    await isAcknowledged(first, 2);
    await using second = await shipperPeer(receiver.port, 'a', 7);
    await first.ended();
    expect(first.messages('ERROR')).toMatchObject([{ code: 'taken_over' }]);
    expect(second.messages('READY')).toMatchObject([{ sequence: 2 }]);
    second.send(batchFrame({ sequence: 3 }));
    await isAcknowledged(second, 3);
    expect(receiver.ledger.errors).toEqual({ taken_over: 1 });
  });

  test('with many at once exactly one stays', async () => {
    const peers = await Promise.all(Array.from({ length: 20 }, () => rawPeer(receiver.port)));
    for (const peer of peers) peer.send(HELLO, openFrame('a', 7), batchFrame());
    await until('all but one are out', () => peers.filter(({ isEnded }) => !isEnded).length === 1);
    const [winner] = peers.filter(({ isEnded }) => !isEnded);
    winner?.send(batchFrame({ sequence: 2, text: '{"last":1}\n' }));
    await until('it is acknowledged', () => winner !== undefined && acknowledged(winner) === 2);
    expect(await archivedLines(folder.path, 'a')).toEqual(['{"n":1}', '{"last":1}']);
    await Promise.all(peers.map((peer) => peer[Symbol.asyncDispose]()));
  });
});
