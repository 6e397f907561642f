import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { startServices, type ServiceReceiver } from '../../../../src/receiver/service_receiver.ts';
import type { ThriftService } from '../../../../src/thrift/service.ts';
import { until } from '../../../helpers/until.ts';

const ANSWER_BYTES = 8 * 1024 * 1024;
const CALLS = 20;

/** A call of `read` without arguments: binary, framed. */
function callOf(sequenceId: number): Buffer {
  const [head, tail] = [Buffer.from('80010001', 'hex'), Buffer.alloc(5)];
  tail.writeInt32BE(sequenceId);
  const message = Buffer.concat([head, Buffer.from([0, 0, 0, 4]), Buffer.from('read'), tail]);
  const length = Buffer.alloc(4);
  length.writeInt32BE(message.length);
  return Buffer.concat([length, message]);
}

const startWith = (service: ThriftService): Promise<ServiceReceiver> =>
  startServices({
    services: [service],
    thrift: {
      listener: { host: '127.0.0.1', port: 0, maxConnections: 10, maxConnectionsPerAddress: 10 },
      limits: {
        maxMessageBytes: 1024,
        maxStringBytes: 1024,
        maxElements: 10,
        maxDepth: 10,
        idleTimeoutMs: 60_000,
      },
    },
    frameTimeoutMs: 60_000,
    access: { tokens: [] },
    log: pino({ level: 'silent' }),
  });

test('large answers of a client that asks without reading are not made before those ahead of them went', async () => {
  let [begun, received, most] = [0, 0, 0];
  const service: ThriftService = {
    name: 'Large',
    largeMethods: new Set(['read']),
    methods: new Map([
      [
        'read',
        async () => {
          begun += 1;
          most = Math.max(most, begun - Math.floor(received / ANSWER_BYTES));
          // As a database does, it lets others be begun meanwhile.
          await delay(20);
          return Buffer.alloc(ANSWER_BYTES);
        },
      ],
    ]),
  };
  await using receiver = await startWith(service);
  const socket = connect(receiver.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(Buffer.concat(Array.from({ length: CALLS }, (_, index) => callOf(index))));
  await until('some are made', () => begun > 0);
  socket.on('data', (chunk: Buffer) => (received += chunk.length));
  await until('all came', () => received >= CALLS * ANSWER_BYTES, 30_000);
  socket.destroy();
  expect(begun).toBe(CALLS);
  expect(most).toBeLessThanOrEqual(4);
});

test('a call that takes long is told when its connection is gone, and when the receiver is to stop', async () => {
  let [begun, given] = [0, 0];
  const service: ThriftService = {
    name: 'Long',
    methods: new Map([
      [
        'read',
        async ({ signal }) => {
          begun += 1;
          await once(signal, 'abort');
          given += 1;
          return undefined;
        },
      ],
    ]),
  };
  await using receiver = await startWith(service);
  for (const end of [(socket: Socket) => socket.resetAndDestroy(), () => receiver[Symbol.asyncDispose]()]) {
    const socket = connect(receiver.port, '127.0.0.1').on('error', () => undefined);
    await once(socket, 'connect');
    const before = begun;
    socket.write(callOf(1));
    await until('it is under way', () => begun > before);
    await end(socket);
    await until('it is given up', () => given === begun);
    socket.destroy();
  }
  expect(given).toBe(2);
});
