import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { HELLO, batchFrame, rawPeer, shipperPeer } from '../../helpers/raw_peer.ts';
import { collectLogs } from '../../helpers/logs.ts';
import { testReceiver } from '../../helpers/receivers.ts';
import { temporaryFolder } from '../../helpers/temp_folder.ts';
import { until } from '../../helpers/until.ts';

test('past MAX_CONNECTIONS a connection is refused without a byte, and that is counted and said; the others go on', async () => {
  await using folder = await temporaryFolder();
  const { log, at } = collectLogs();
  await using receiver = await testReceiver(folder.path, { maxConnections: 2, log });
  await using first = await shipperPeer(receiver.port, 'a');
  const second = await shipperPeer(receiver.port, 'b');
  await using third = await rawPeer(receiver.port);
  third.send(HELLO);
  await third.ended();
  expect(third.bytesReceived).toBe(0);
  expect(receiver.ledger).toMatchObject({
    connections: 2,
    connectionsTotal: 2,
    errors: { too_many_connections: 1 },
  });
  expect(at('warn')[0]).toContain('MAX_CONNECTIONS');
  first.send(batchFrame());
  await first.next('ACK');

  await second[Symbol.asyncDispose]();
  await until('one has gone', () => receiver.ledger.connections === 1);
  await using fourth = await shipperPeer(receiver.port, 'c');
  fourth.send(batchFrame());
  await fourth.next('ACK');
});

test('a port that is taken is an error, and leaves the archive to the next receiver', async () => {
  await using folder = await temporaryFolder();
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  await expect(testReceiver(folder.path, { port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  other.close();
  await using receiver = await testReceiver(folder.path);
  expect(receiver.port).toBeGreaterThan(0);
});

test('a stopped receiver accepts nothing any more, and stopping twice is fine', async () => {
  await using folder = await temporaryFolder();
  const receiver = await testReceiver(folder.path);
  await receiver[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
  await expect(rawPeer(receiver.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
