/** A receiver that answers HELLO too late: its shipper goes on with PLAIN frames, on the connection that it greeted. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { collectLogs } from '../helpers/logs.ts';
import { HELLO, batchFrame, frame, openFrame, rawPeer } from '../helpers/raw_peer.ts';
import { archivedLines, testReceiver } from '../helpers/receivers.ts';
import { neverStop, numbered, pacedSource, testShipper } from '../helpers/shippers.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const IDLE_TIMEOUT_MS = 1200;
const LIMITS = { frameTimeoutMs: 1000, idleTimeoutMs: IDLE_TIMEOUT_MS };

const entry = (n: number): Buffer => frame(0, `[{"n":${n}}]`);

describe('plain frames behind a HELLO', () => {
  test('are archived, and their connection lives on, longer than FRAME_TIMEOUT and IDLE_TIMEOUT', async () => {
    await using folder = await temporaryFolder();
    await using receiver = await testReceiver(folder.path, { limits: LIMITS });
    await using peer = await rawPeer(receiver.port);
    peer.send(HELLO, entry(1));
    await peer.next('WELCOME');
    for (const closed of [HELLO, Buffer.alloc(0)]) {
      await using other = await rawPeer(receiver.port);
      other.send(closed);
      await other.ended();
    }
    peer.send(entry(2));
    await until('both are durable', () => receiver.ledger.stored === 2);
    expect(await archivedLines(folder.path, '@plain')).toEqual(['{"n":1}', '{"n":2}']);
    expect(peer.isEnded).toBe(false);
    expect(peer.frames.map(({ type }) => type)).toEqual(['WELCOME']);
    expect(receiver.ledger.errors).toEqual({ timeout: 2 });
  });

  test('are finished in time, as any other', async () => {
    await using folder = await temporaryFolder();
    await using receiver = await testReceiver(folder.path, { limits: LIMITS });
    await using peer = await rawPeer(receiver.port);
    peer.send(HELLO, entry(1), entry(2).subarray(0, 7));
    await peer.ended();
    expect(peer.messages('ERROR')).toMatchObject([{ code: 'timeout' }]);
    expect(receiver.ledger.stored).toBe(1);
  });

  test('do not keep a shipper from OPEN, and then it is one: it is closed when it falls silent', async () => {
    await using folder = await temporaryFolder();
    await using receiver = await testReceiver(folder.path, { limits: LIMITS });
    await using peer = await rawPeer(receiver.port);
    peer.send(HELLO, entry(1), openFrame('a'), batchFrame());
    await peer.next('ACK');
    await peer.ended();
    expect(peer.messages('ERROR')).toMatchObject([{ code: 'timeout' }]);
  });

  test('are read to their end by a receiver that stops', async () => {
    await using folder = await temporaryFolder();
    const receiver = await testReceiver(folder.path);
    await using peer = await rawPeer(receiver.port);
    peer.send(HELLO, entry(0));
    await until('the first is durable', () => receiver.ledger.stored === 1);
    peer.send(...Array.from({ length: 10 }, (_, n) => entry(n + 1)));
    await receiver[Symbol.asyncDispose]();
    expect(await archivedLines(folder.path, '@plain')).toHaveLength(11);
  });
});

/** Passes on at once what goes to `port`, and what comes back only after `ms`. */
async function lateAnswers(port: number, ms: number): Promise<Server> {
  const proxy = createServer({ allowHalfOpen: true }, (socket) => {
    const onward = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => onward.destroy()).pipe(onward);
    onward.on('error', () => socket.destroy());
    onward.on('data', (bytes: Buffer) => void delay(ms).then(() => socket.write(bytes)));
    onward.on('end', () => void delay(ms).then(() => socket.end()));
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return proxy;
}

test('a shipper that got WELCOME after HELLO_TIMEOUT leaves it unread, ships plain to its end, and everything is there once', async () => {
  await using folder = await temporaryFolder();
  await using state = await temporaryFolder();
  const { log, at } = collectLogs();
  await using receiver = await testReceiver(folder.path, { limits: LIMITS });
  const proxy = await lateAnswers(receiver.port, 200);
  const shipper = testShipper({
    port: (proxy.address() as AddressInfo).port,
    source: pacedSource(numbered(12), (yielded) => delay(yielded === 6 ? 2 * IDLE_TIMEOUT_MS : 10)),
    stateFolder: state.path,
    dial: { delivery: 'auto', helloTimeoutMs: 50 },
    log,
  });
  await shipper.run(neverStop());
  proxy.close();
  expect(shipper.mode).toBe('plain');
  expect(shipper.counts).toMatchObject({ read: 12, acknowledged: 12, connections: 1 });
  expect(at('warn')).toEqual([expect.stringContaining('DOES NOT ACKNOWLEDGE')]);
  await until('all are durable', () => receiver.ledger.stored === 12);
  expect(await archivedLines(folder.path, '@plain')).toEqual(numbered(12));
  expect(receiver.ledger.errors).toEqual({});
});
