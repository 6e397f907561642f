import { expect, test } from 'vitest';
import { batchFrame, frame, rawPeer, shipperPeer, acknowledged, type RawPeer } from '../helpers/raw_peer.ts';
import { archivedLines, testReceiver, verdictOn } from '../helpers/receivers.ts';
import { linesSource, neverStop, numbered, testShipper } from '../helpers/shippers.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const CONNECTIONS = 200;
const BATCHES = 20;

test(`${CONNECTIONS} connections at once, half of them plain: every entry once, each shipper in its order`, async () => {
  await using folder = await temporaryFolder();
  {
    await using receiver = await testReceiver(folder.path);
    const peers = await Promise.all(
      Array.from({ length: CONNECTIONS }, (_, n) => connectTo(receiver.port, n)),
    );
    for (let sequence = 1; sequence <= BATCHES; sequence += 1) {
      for (const [n, peer] of peers.entries())
        peer.send(isPlain(n) ? plainFrame(n, sequence) : numberedFrame(n, sequence));
    }
    const shippers = peers.filter((_, n) => !isPlain(n));
    await until(
      'all shippers are acknowledged',
      () => shippers.every((peer) => acknowledged(peer) === BATCHES),
      30_000,
    );
    await until('all plain entries are durable', () => receiver.ledger.stored === CONNECTIONS * BATCHES);
    expect(receiver.ledger).toMatchObject({ connections: CONNECTIONS, errors: {}, inHand: 0 });
    expect(peers.filter((peer, n) => isPlain(n) && peer.bytesReceived > 0)).toEqual([]);
    await Promise.all(peers.map((peer) => peer[Symbol.asyncDispose]()));
    await until('all are forgotten', () => receiver.ledger.connections === 0);
  }
  const entries = (await archivedLines(folder.path)).map(
    (line) => JSON.parse(line) as { peer: number; n: number },
  );
  const byPeer = Map.groupBy(entries, ({ peer }) => peer);
  expect(byPeer.size).toBe(CONNECTIONS);
  const inOrder = Array.from({ length: BATCHES }, (_, n) => n + 1);
  for (const own of byPeer.values()) expect(own.map(({ n }) => n)).toEqual(inOrder);
  expect((await verdictOn(folder.path)).code).toBe(0);
});

test('stopping under load: what is stored is acknowledged, each shipper gets BYE with when to return, and no error', async () => {
  await using folder = await temporaryFolder();
  const receiver = await testReceiver(folder.path, { limits: { windowBytes: 128 * 1024 } });
  const peers = await Promise.all(
    Array.from({ length: 20 }, (_, n) => shipperPeer(receiver.port, `shipper-${n}`)),
  );
  const sequences = peers.map(() => 0);
  const pushing = setInterval(() => {
    for (const [n, peer] of peers.entries()) {
      if (!peer.isEnded && peer.socket.writableLength < 2 ** 20)
        peer.send(numberedFrame(n, (sequences[n] = (sequences[n] ?? 0) + 1)));
    }
  }, 1);
  await until('all have been acknowledged something', () => peers.every((peer) => acknowledged(peer) > 0));
  await receiver[Symbol.asyncDispose]();
  await Promise.all(peers.map((peer) => peer.ended()));
  clearInterval(pushing);
  expect(receiver.ledger).toMatchObject({ inHand: 0, errors: {} });
  for (const [n, peer] of peers.entries()) {
    expect(peer.messages('BYE')).toEqual([{ returnAfterMs: expect.any(Number) as number }]);
    expect(await archivedLines(folder.path, `shipper-${n}`)).toHaveLength(acknowledged(peer));
    await peer[Symbol.asyncDispose]();
  }
  expect((await verdictOn(folder.path)).code).toBe(0);
});

test('stopping while plain peers never pause ends within a bound', async () => {
  await using folder = await temporaryFolder();
  const receiver = await testReceiver(folder.path);
  await using peer = await rawPeer(receiver.port);
  let sent = 0;
  const pushing = setInterval(() => !peer.isEnded && peer.send(plainFrame(0, (sent += 1))), 10);
  await until('some are durable', () => receiver.ledger.stored > 0);
  let isStopped = false;
  const stopped = receiver[Symbol.asyncDispose]().then(() => (isStopped = true));
  try {
    await until('the receiver has stopped', () => isStopped, 5000);
  } finally {
    clearInterval(pushing);
    await stopped;
  }
  expect(peer.bytesReceived).toBe(0);
  expect(receiver.ledger.inHand).toBe(0);
});

test('shippers outlive a receiver that restarts again and again: every entry once', async () => {
  await using folder = await temporaryFolder();
  let receiver = await testReceiver(folder.path);
  const { port } = receiver;
  const lines = numbered(3000);
  const shippers = ['a', 'b', 'c'].map((shipperId) =>
    testShipper({
      ...{ port, stateFolder: folder.in('state'), source: linesSource(lines, 5) },
      dial: { shipperId, delivery: 'acked', helloTimeoutMs: 10_000 },
    }),
  );
  const running = Promise.all(shippers.map((shipper) => shipper.run(neverStop())));
  for (let restarts = 0; restarts < 3; restarts += 1) {
    const before = receiver.ledger.stored;
    await until(
      'it stores',
      () =>
        receiver.ledger.stored > before ||
        shippers.every(({ counts }) => counts.acknowledged === lines.length),
    );
    await receiver[Symbol.asyncDispose]();
    receiver = await testReceiver(folder.path, { port });
  }
  await running;
  await receiver[Symbol.asyncDispose]();
  for (const id of ['a', 'b', 'c']) expect(await archivedLines(folder.path, id)).toEqual(lines);
  expect((await verdictOn(folder.path)).code).toBe(0);
  for (const { counts } of shippers)
    expect(counts).toMatchObject({ read: 3000, acknowledged: 3000, rejected: 0 });
});

const isPlain = (n: number): boolean => n % 2 === 0;
const connectTo = (port: number, n: number): Promise<RawPeer> =>
  isPlain(n) ? rawPeer(port) : shipperPeer(port, `shipper-${n}`);
const plainFrame = (peer: number, n: number): Buffer => frame(0, JSON.stringify([{ peer, n }]));
const numberedFrame = (peer: number, sequence: number): Buffer =>
  batchFrame({ sequence, text: `${JSON.stringify({ peer, n: sequence })}\n` });
