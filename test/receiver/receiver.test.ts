import { writeFile } from 'node:fs/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { FaultyDisk } from '../helpers/faulty_disk.ts';
import { collectLogs } from '../helpers/logs.ts';
import { acknowledged, batchFrame, frame, rawPeer, shipperPeer } from '../helpers/raw_peer.ts';
import { archivedLines, testReceiver, verdictOn } from '../helpers/receivers.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

/** A receiver whose disk takes nothing, and a shipper that waits for its acknowledgement. */
async function inOutage(folder: string) {
  const disk = new FaultyDisk();
  const receiver = await testReceiver(folder, { archive: { disk, retryAfterMs: 2 } });
  const peer = await shipperPeer(receiver.port, 'a');
  disk.faults.add('write');
  peer.send(batchFrame());
  await until('it is in trouble', () => receiver.trouble !== undefined);
  return { disk, receiver, peer, [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose]() };
}

describe('the archive holds what came', () => {
  test.each(['gzip', 'zstd'] as const)('as %s, however it was compressed on the way', async (format) => {
    await using folder = await temporaryFolder();
    const textOf = (n: number): string => `{"n":${n}.0,"filler":"${'x'.repeat(100)}"}\n`;
    {
      await using receiver = await testReceiver(folder.path, { archive: { format } });
      await using peer = await shipperPeer(receiver.port, 'a');
      peer.send(
        batchFrame({ sequence: 1, text: textOf(1) }),
        batchFrame({ sequence: 2, text: textOf(2), algorithm: 'gzip', body: gzipSync(textOf(2)) }),
        batchFrame({ sequence: 3, text: textOf(3), algorithm: 'zstd', body: zstdCompressSync(textOf(3)) }),
      );
      await until('all are acknowledged', () => acknowledged(peer) === 3);
    }
    expect(await archivedLines(folder.path, 'a')).toEqual([1, 2, 3].map((n) => textOf(n).trimEnd()));
    expect((await verdictOn(folder.path)).code).toBe(0);
  });

  test('over restarts: shippers go on behind what is durable, plain peers behind their last block', async () => {
    await using folder = await temporaryFolder();
    for (let run = 1; run <= 3; run += 1) {
      await using receiver = await testReceiver(folder.path);
      await using peer = await shipperPeer(receiver.port, 'a');
      expect(peer.messages('READY')).toMatchObject([{ sequence: run - 1 }]);
      await using plain = await rawPeer(receiver.port);
      peer.send(batchFrame({ sequence: run, text: `{"run":${run}}\n` }));
      plain.send(frame(0, `[{"run":${run}}]`));
      await until('both are durable', () => receiver.ledger.stored === 2);
    }
    const runs = ['{"run":1}', '{"run":2}', '{"run":3}'];
    expect(await archivedLines(folder.path, 'a')).toEqual(runs);
    expect(await archivedLines(folder.path, '@plain')).toEqual(runs);
    expect((await verdictOn(folder.path)).code).toBe(0);
  });

  test('in one hand: a second receiver on the same folder does not start', async () => {
    await using folder = await temporaryFolder();
    await using receiver = await testReceiver(folder.path);
    await expect(testReceiver(folder.path)).rejects.toMatchObject({ code: 'in_use' });
    expect(receiver.trouble).toBeUndefined();
  });
});

describe('while the disk takes nothing', () => {
  test('nothing is acknowledged, that is said once, and all is when it recovers', async () => {
    await using folder = await temporaryFolder();
    const disk = new FaultyDisk();
    const { log, at } = collectLogs();
    {
      await using receiver = await testReceiver(folder.path, { archive: { disk, retryAfterMs: 2 }, log });
      await using peer = await shipperPeer(receiver.port, 'a');
      disk.faults.add('write');
      peer.send(batchFrame(), batchFrame({ sequence: 2 }));
      await until('it has tried several times', () => disk.failures > 3);
      expect(receiver.trouble?.message).toContain('the disk fails');
      expect(peer.frames.some(({ type }) => type === 'ACK')).toBe(false);
      expect(receiver.ledger).toMatchObject({ received: 2, stored: 0, inHand: 2 });
      disk.faults.clear();
      await until('both are acknowledged', () => acknowledged(peer) === 2);
      expect(receiver.trouble).toBeUndefined();
    }
    expect(at('error')).toHaveLength(1);
    expect(await archivedLines(folder.path, 'a')).toHaveLength(2);
  });

  test('a stop refuses what is in hand with ERROR unavailable, and the books still balance', async () => {
    await using folder = await temporaryFolder();
    await using outage = await inOutage(folder.path);
    const { disk, peer, receiver } = outage;
    let isStopped = false;
    const stopped = receiver[Symbol.asyncDispose]().then(() => (isStopped = true));
    try {
      await until('the receiver has stopped', () => isStopped, 3000);
    } finally {
      disk.faults.clear();
      await stopped;
    }
    await peer.ended();
    expect(acknowledged(peer)).toBe(0);
    expect(peer.messages('ERROR')).toMatchObject([{ code: 'unavailable' }]);
    expect(receiver.ledger).toMatchObject({ received: 1, refused: 1, inHand: 0 });
  });
});

describe('the health of a receiver', () => {
  test.each(['write', 'sync'] as const)(
    'is ok, not_acknowledging while the disk refuses to %s, with why, and ok again by itself',
    async (fault) => {
      await using folder = await temporaryFolder();
      const disk = new FaultyDisk();
      await using receiver = await testReceiver(folder.path, { archive: { disk, retryAfterMs: 2 } });
      expect(receiver.health).toEqual({ state: 'ok' });
      await using peer = await shipperPeer(receiver.port, 'a');
      disk.faults.add(fault);
      expect(receiver.health).toEqual({ state: 'ok' });
      peer.send(batchFrame());
      await until('it has tried several times', () => disk.failures > 3);
      expect(receiver.health).toEqual({ state: 'not_acknowledging', reason: `the disk fails: ${fault}` });
      disk.faults.clear();
      await peer.next('ACK');
      expect(receiver.health).toEqual({ state: 'ok' });
    },
  );

  test('is not_acknowledging while a slow disk keeps a write, which is logged and counted, and ok again by itself', async () => {
    await using folder = await temporaryFolder();
    const disk = new FaultyDisk();
    const { log, at } = collectLogs();
    await using receiver = await testReceiver(folder.path, { archive: { disk, stalledAfterMs: 50 }, log });
    await using peer = await shipperPeer(receiver.port, 'a');
    const sync = Promise.withResolvers<void>();
    disk.holdsSyncUntil = sync.promise;
    peer.send(batchFrame());
    await until('it is noticed', () => receiver.health.state === 'not_acknowledging');
    expect(receiver.health).toMatchObject({ reason: expect.stringContaining('the disk is slow') as string });
    expect(receiver.ledger.isAcknowledging).toBe(false);
    expect(at('error')).toEqual([expect.stringContaining('nothing is acknowledged: the disk is slow')]);
    expect(acknowledged(peer)).toBe(0);
    sync.resolve();
    await peer.next('ACK');
    await until('that is noticed too', () => receiver.health.state === 'ok');
    expect(receiver.ledger.isAcknowledging).toBe(true);
    expect(at('info')).toContain('the disk takes data again');
  });

  test('is stopping while a stop settles what is in hand', async () => {
    await using folder = await temporaryFolder();
    const receiver = await testReceiver(folder.path);
    await using peer = await shipperPeer(receiver.port, 'a');
    const stopped = receiver[Symbol.asyncDispose]();
    expect(receiver.health).toEqual({ state: 'stopping' });
    await peer.next('BYE');
    expect(receiver.health).toEqual({ state: 'stopping' });
    peer.socket.end();
    await stopped;
  });

  test('is not_acknowledging in an outage, though it was told to stop', async () => {
    await using folder = await temporaryFolder();
    await using outage = await inOutage(folder.path);
    const { receiver } = outage;
    const stopped = receiver[Symbol.asyncDispose]();
    expect(receiver.health).toMatchObject({ state: 'not_acknowledging' });
    await stopped;
    expect(receiver.health).toMatchObject({ state: 'not_acknowledging' });
  });
});

test('where rejected elements cannot be kept, the good ones of their array are not lost from the books', async () => {
  await using folder = await temporaryFolder();
  await using receiver = await testReceiver(folder.path);
  await writeFile(folder.in('rejected'), 'a file where a folder should be');
  await using peer = await rawPeer(receiver.port);
  peer.send(frame(0, '[{"good":1},7,{"good":2}]'));
  await until(
    'its fate is known',
    () => receiver.ledger.received === 3 && (receiver.ledger.stored === 2 || peer.isEnded),
  );
  const { received, stored, rejected, refused, inHand } = receiver.ledger;
  expect(inHand).toBe(0);
  expect(received).toBe(stored + rejected + refused);
});

test('the last word of a receiver is its books', async () => {
  await using folder = await temporaryFolder();
  const { log, lines } = collectLogs();
  const receiver = await testReceiver(folder.path, { log });
  await using peer = await rawPeer(receiver.port);
  peer.send(frame(0, '[{"a":1},7]'));
  await until('it is stored', () => receiver.ledger.stored === 1);
  await receiver[Symbol.asyncDispose]();
  expect(lines.at(-1)).toMatchObject({
    received: 2,
    stored: 1,
    rejected: 1,
    inHand: 0,
    errors: { not_an_object: 1 },
  });
});

test('it has that word where the disk fails at the very end too', async () => {
  await using folder = await temporaryFolder();
  const { log, lines } = collectLogs();
  const disk = new FaultyDisk();
  const receiver = await testReceiver(folder.path, { log, archive: { disk, fsync: 'interval' } });
  await using peer = await rawPeer(receiver.port);
  peer.send(frame(0, '[{"a":1}]'));
  await until('it is stored', () => receiver.ledger.stored === 1);
  disk.faults.add('sync');
  await expect(receiver[Symbol.asyncDispose]()).rejects.toThrow();
  expect(lines.at(-1)).toMatchObject({ msg: 'receiver stopped', stored: 1, inHand: 0 });
});
