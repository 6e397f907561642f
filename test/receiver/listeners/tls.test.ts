import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Receiver } from '../../../src/receiver/receiver.ts';
import { Authority, serverTls, type Certificate } from '../../helpers/certificates.ts';
import { collectLogs } from '../../helpers/logs.ts';
import { HELLO, rawPeer, type RawPeer } from '../../helpers/raw_peer.ts';
import { testReceiver } from '../../helpers/receivers.ts';
import { temporaryFolder, type TemporaryFolder } from '../../helpers/temp_folder.ts';
import { until } from '../../helpers/until.ts';

const PER_ADDRESS = 3;

let folder: TemporaryFolder;
let ca: Authority;
let server: Certificate;
beforeAll(async () => {
  folder = await temporaryFolder();
  ca = await Authority.create(folder.path);
  server = await ca.signServer();
});
afterAll(() => folder[Symbol.asyncDispose]());

const limited = (data: TemporaryFolder, frameTimeoutMs: number, log = collectLogs().log): Promise<Receiver> =>
  testReceiver(data.path, {
    tls: serverTls(server),
    maxConnections: 1000,
    maxConnectionsPerAddress: PER_ADDRESS,
    limits: { frameTimeoutMs },
    log,
  });

/** TCP connections that never say a word. */
const silent = (port: number, count: number): Promise<RawPeer[]> =>
  Promise.all(Array.from({ length: count }, () => rawPeer(port)));

/** Shakes hands and is greeted; then it leaves. */
async function isServed({ port }: Receiver): Promise<boolean> {
  const socket = connectTls({ port, host: '127.0.0.1', ca: ca.cert }).on('error', () => undefined);
  let isAnswered = false;
  socket.once('data', () => {
    isAnswered = true;
    socket.destroy();
  });
  socket.write(HELLO);
  await new Promise((resolve) => socket.once('close', resolve));
  return isAnswered;
}

describe('connections that do not shake hands', () => {
  test('count for MAX_CONNECTIONS_PER_ADDRESS, until FRAME_TIMEOUT lets go of them', async () => {
    await using data = await temporaryFolder();
    await using receiver = await limited(data, 2000);
    const peers = await silent(receiver.port, PER_ADDRESS + 5);
    await until('all past the limit are refused', () => receiver.ledger.errors.too_many_connections === 5);
    expect(await isServed(receiver)).toBe(false);
    expect(receiver.ledger).toMatchObject({ connectionsTotal: 0, errors: { too_many_connections: 6 } });
    await Promise.all(peers.map((peer) => peer.ended()));
    expect(receiver.ledger.errors).toEqual({ too_many_connections: 6, tls: PER_ADDRESS });
    expect(await isServed(receiver)).toBe(true);
  });

  test('are let go of by FRAME_TIMEOUT, though their bytes keep arriving', async () => {
    await using data = await temporaryFolder();
    await using receiver = await limited(data, 400);
    await using peer = await rawPeer(receiver.port);
    const hello = Buffer.concat([Buffer.from('16030100f8010000f40303', 'hex'), Buffer.alloc(240)]);
    let at = 0;
    const trickle = setInterval(() => peer.send(hello.subarray(at, (at += 1))), 50);
    await peer.ended().finally(() => clearInterval(trickle));
    expect(at).toBeLessThan(hello.length);
    await until('it is counted', () => receiver.ledger.errors.tls === 1);
  });

  test('make room when they fail or leave', async () => {
    await using data = await temporaryFolder();
    await using receiver = await limited(data, 60_000);
    let failed = 0;
    for (const bytes of ['garbage '.repeat(100), '', 'GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01']) {
      const peers = await silent(receiver.port, PER_ADDRESS);
      for (const { socket } of peers) socket.end(bytes);
      await Promise.all(peers.map((peer) => peer.ended()));
      failed += PER_ADDRESS;
      await until('all are counted', () => receiver.ledger.errors.tls === failed);
    }
    for (let n = 0; n < 2 * PER_ADDRESS; n += 1) {
      expect(await isServed(receiver)).toBe(true);
      await until('it has left', () => receiver.ledger.connections === 0);
    }
    expect(receiver.ledger.errors).toEqual({ tls: failed });
  });
});

test('who only looks whether the port is open is counted, and logged at level debug alone', async () => {
  await using data = await temporaryFolder();
  const { log, lines } = collectLogs();
  await using receiver = await limited(data, 60_000, log);
  await using peer = await rawPeer(receiver.port);
  await peer[Symbol.asyncDispose]();
  await until('it is counted', () => receiver.ledger.errors.tls === 1);
  expect(lines.filter(({ code }) => code === 'tls').map(({ level }) => level)).toEqual([20]);
});
