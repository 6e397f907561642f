/** What the receiver's books know of each shipper, and of the time things take. */
import { expect, test } from 'vitest';
import { VERSION } from '../../src/base/version.ts';
import { batchFrame, rawPeer, shipperPeer, typed, acknowledged } from '../helpers/raw_peer.ts';
import { testReceiver } from '../helpers/receivers.ts';
import { linesSource, neverStop, numbered, testShipper } from '../helpers/shippers.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

test('a shipper shows with its version, its level and what it stored; its batches with how long they took', async () => {
  await using folder = await temporaryFolder();
  await using receiver = await testReceiver(folder.in('data'));
  const { ledger } = receiver;
  const shipper = testShipper({
    port: receiver.port,
    source: linesSource(numbered(25)),
    stateFolder: folder.in('state'),
  });
  await shipper.run(neverStop());
  await until('it has left', () => ledger.shippers.rows[0]?.connections === 0);
  const [row] = ledger.shippers.rows;
  expect(row).toMatchObject({
    id: 'test-shipper',
    version: VERSION,
    level: 6,
    storedEntries: 25,
    waiting: 0,
  });
  expect(row?.peer).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(row?.ackedAtMs).toBeGreaterThan(Date.now() - 60_000);
  expect(ledger.acks.count).toBe(shipper.counts.batches);
  expect(ledger.syncs.count).toBeGreaterThan(0);
  expect(ledger.acks.reading.seconds).toBeGreaterThan(0);
});

test('what a PING says takes the place of what was said before, and only what is right of it', async () => {
  await using folder = await temporaryFolder();
  await using receiver = await testReceiver(folder.in('data'));
  const { shippers } = receiver.ledger;
  await using peer = await shipperPeer(receiver.port, 'a');
  peer.send(typed('PING', '{"level":3,"backlog":70}'), typed('PING', '{"level":99}'), typed('PING', 'here?'));
  await until('all are answered', () => peer.frames.filter(({ type }) => type === 'PONG').length === 3);
  expect(shippers.rows).toMatchObject([{ id: 'a', connections: 1, level: 3, backlog: 70 }]);
});

test('a rejected batch counts for its shipper, and by the reason; a peer that says nothing has no row', async () => {
  await using folder = await temporaryFolder();
  await using receiver = await testReceiver(folder.in('data'), { limits: { maxEntryBytes: 256 } });
  const { ledger } = receiver;
  await using silent = await rawPeer(receiver.port);
  await using peer = await shipperPeer(receiver.port, 'a');
  peer.send(
    batchFrame({ sequence: 1, text: `{"filler":"${'x'.repeat(300)}"}\n` }),
    batchFrame({ sequence: 2 }),
  );
  await until('both are answered', () => acknowledged(peer) === 2);
  expect(silent.isEnded).toBe(false);
  expect(ledger.rejects).toEqual({ entry_too_large: 1 });
  expect(ledger.shippers.rows).toMatchObject([{ id: 'a', rejectedEntries: 1, waiting: 0 }]);
});

test('batches that wait for the disk show as waiting, and let go when their shipper is', async () => {
  await using folder = await temporaryFolder();
  const { promise: refused, resolve: refuse } = Promise.withResolvers<void>();
  await using receiver = await testReceiver(folder.in('data'), {
    archive: { disk: { ...stuckDisk(refused) }, retryAfterMs: 10 },
  });
  const { shippers } = receiver.ledger;
  {
    await using peer = await shipperPeer(receiver.port, 'a');
    peer.send(batchFrame({ sequence: 1 }), batchFrame({ sequence: 2 }));
    await until('both wait', () => shippers.rows[0]?.waiting === 2);
    expect(shippers.rows[0]?.ackedAtMs).toBe(0);
  }
  const closed = receiver[Symbol.asyncDispose]();
  refuse();
  await closed;
  expect(shippers.rows).toMatchObject([{ id: 'a', waiting: 0, connections: 0, storedEntries: 0 }]);
});

/** A disk that keeps everybody waiting, then takes nothing. */
function stuckDisk(refused: Promise<void>) {
  const refuse = async (): Promise<never> => {
    await refused;
    throw new Error('no space left');
  };
  return { create: refuse, reopen: refuse, remove: refuse };
}
