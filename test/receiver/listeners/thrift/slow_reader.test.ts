import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { Ledger } from '../../../../src/monitor/ledger.ts';
import { Access } from '../../../../src/receiver/access.ts';
import { InHandTotal } from '../../../../src/receiver/listeners/thrift/in_hand_total.ts';
import { ThriftConnection } from '../../../../src/receiver/listeners/thrift/thrift_connection.ts';
import { PeerLog } from '../../../../src/receiver/peer_log.ts';
import { callMessage } from '../../../helpers/thrift_messages.ts';
import { until } from '../../../helpers/until.ts';

const ANSWER = Buffer.alloc(32 * 1024, 'x');
const FRAMED_BYTES = ANSWER.length + 4;

/** Both ends of a connection whose client reads nothing, and for which an answer waits that was not wholly sent. */
async function slowReader(frameTimeoutMs: number) {
  const resources = new AsyncDisposableStack();
  const server = createServer({ allowHalfOpen: true });
  resources.defer(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect({
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
    allowHalfOpen: true,
  });
  resources.defer(() => void client.destroy());
  const [socket] = (await once(server, 'connection')) as [Socket];
  let asked = 0;
  const big = {
    name: 'Big',
    methods: new Map([['answer', () => Promise.resolve(((asked += 1), ANSWER))]]),
  };
  const peers = new PeerLog(pino({ level: 'silent' }));
  resources.defer(() => peers.end());
  const connection = new ThriftConnection(socket, {
    services: [big],
    limits: {
      ...{ maxMessageBytes: 4096, maxStringBytes: 4096, maxElements: 10, maxDepth: 8 },
      ...{ idleTimeoutMs: 60_000, frameTimeoutMs },
    },
    access: await Access.open({ tokens: [], areIdsBound: false }, ''),
    ledger: new Ledger(),
    peers,
    inHand: new InHandTotal(2 ** 26),
  });
  resources.defer(() => connection.finished());
  resources.defer(() => void client.destroy());
  for (let calls = 1; socket.writableLength === 0; calls += 1) {
    const before = socket.bytesWritten;
    client.write(callMessage('answer', []));
    await until('it is answered', () => socket.bytesWritten > before);
  }
  return {
    client,
    socket,
    connection,
    asked: () => asked,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Longer than a peer that has everything may take to close. */
const LATER_MS = 1500;

test('a client that has ended and reads late still has all of its answers', async () => {
  await using pair = await slowReader(60_000);
  const { client } = pair;
  client.end();
  await delay(LATER_MS);
  let read = 0;
  client.on('data', (bytes: Buffer) => (read += bytes.length));
  await once(client, 'end');
  expect(read).toBe(pair.asked() * FRAMED_BYTES);
});

test('one that reads nothing is cut off', async () => {
  await using pair = await slowReader(100);
  pair.client.end();
  await pair.connection.finished();
  expect(pair.socket.destroyed).toBe(true);
});
