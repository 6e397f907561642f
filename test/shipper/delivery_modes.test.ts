/** A receiver that is replaced by one of another kind between two connections. */
import { describe, expect, test } from 'vitest';
import { decodeBatch } from '../../src/wire/batch.ts';
import { decodeOpen } from '../../src/wire/messages.ts';
import { numberedBatch, sendBatches, testDelivery } from '../helpers/deliveries.ts';
import { EPOCH, fakeReceiver } from '../helpers/fake_receiver.ts';
import { until } from '../helpers/until.ts';

const AUTO = { dial: { delivery: 'auto', helloTimeoutMs: 600 } } as const;
const entriesOf = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, n) => `{"n":${from + n}}`);

test('plain, then acked: what the plain one took is not sent again, and the numbers go on', async () => {
  await using receiver = await fakeReceiver();
  await using tested = await testDelivery(receiver.port, AUTO);
  const plain = await receiver.connection(1);
  await sendBatches(tested.delivery, 1, 3, { mode: 'plain' });
  await until('the plain one has them', async () => (await plain.lines()).length === 3);
  await tested.delivery.drained();
  plain.socket.resetAndDestroy();

  const second = await receiver.connection(2);
  await second.greet();
  await sendBatches(tested.delivery, 4, 5);
  await second.hasGot(4, 5);
  expect(await second.lines()).toEqual(entriesOf(4, 5));
  second.ack(5);
  await tested.delivery.drained();
  expect(tested.counts).toMatchObject({ acknowledged: 5, rejected: 0 });
});

test('a run that only shipped plain until now takes its id over from an older one', async () => {
  await using receiver = await fakeReceiver();
  await using tested = await testDelivery(receiver.port, AUTO);
  const plain = await receiver.connection(1);
  await tested.delivery.place;
  await until('it is connected', () => tested.delivery.isConnected);
  plain.socket.resetAndDestroy();
  const opened = async (n: number): Promise<unknown> => {
    const connection = await receiver.connection(n);
    await connection.greet();
    connection.socket.resetAndDestroy();
    return decodeOpen((await connection.next('OPEN')).payload).run?.isReturning;
  };
  expect([await opened(2), await opened(3)]).toEqual([false, true]);
});

test('one that answered once and is silent now is only busy: it gets nothing in the original protocol, and is waited for', async () => {
  await using receiver = await fakeReceiver();
  await using tested = await testDelivery(receiver.port, { dial: { delivery: 'auto', helloTimeoutMs: 250 } });
  const first = await receiver.connection(1);
  await first.greet();
  await sendBatches(tested.delivery, 1, 3);
  await first.hasGot(1, 2, 3);
  first.ack(1);
  await until('one is acknowledged', () => tested.counts.acknowledged === 1);
  first.socket.resetAndDestroy();

  const answering = await receiver.connection(7);
  for (const silent of receiver.connections.slice(1, 6))
    expect(silent.frames.map(({ type }) => type)).toEqual(['HELLO']);
  await answering.greet({ sequence: 1 });
  await answering.hasGot(2, 3);
  answering.ack(3);
  await tested.delivery.drained();
  expect(tested.counts).toMatchObject({ acknowledged: 3 });
  expect(tested.logs.at('warn').at(-1)).toContain('HELLO_TIMEOUT');
});

describe('DELIVERY=acked', () => {
  const acked = (helloTimeoutMs: number) => ({ dial: { delivery: 'acked', helloTimeoutMs } }) as const;

  test('a receiver that is too busy for the first connection is waited for', async () => {
    await using receiver = await fakeReceiver();
    await using tested = await testDelivery(receiver.port, acked(400));
    const second = await receiver.connection(2);
    await second.greet();
    await sendBatches(tested.delivery, 1, 1);
    await second.hasGot(1);
    second.ack(1);
    await tested.delivery.drained();
    expect(tested.counts).toMatchObject({ acknowledged: 1, connections: 1 });
  });

  test('one that stays silent is a plain one: five connections, each waited for longer, and it gives up', async () => {
    await using receiver = await fakeReceiver();
    await using tested = await testDelivery(receiver.port, acked(100));
    const startedAt = performance.now();
    await expect(tested.delivery.place).rejects.toMatchObject({
      code: 'plain_receiver',
      message: expect.stringContaining('DELIVERY=acked') as string,
    });
    expect(performance.now() - startedAt).toBeGreaterThan(1400);
    expect(receiver.connections).toHaveLength(5);
    expect(receiver.connections.flatMap(({ frames }) => frames.map(({ type }) => type))).toEqual(
      Array.from({ length: 5 }, () => 'HELLO'),
    );
  });
});

test('batches made for a plain receiver are encoded again for one that acknowledges', async () => {
  await using receiver = await fakeReceiver();
  await using tested = await testDelivery(receiver.port, AUTO);
  const first = await receiver.connection(1);
  await first.greet();
  first.socket.resetAndDestroy();
  await sendBatches(tested.delivery, 1, 2, { mode: 'plain' });
  const second = await receiver.connection(2);
  await second.greet();
  await second.hasGot(1, 2);
  expect(await second.lines()).toEqual(entriesOf(1, 2));
});

test('plain first, then a receiver that knows this shipper from before: its old numbers are not taken for the new batches', async () => {
  await using receiver = await fakeReceiver();
  await using tested = await testDelivery(receiver.port, AUTO);
  const plain = await receiver.connection(1);
  await tested.delivery.place;
  await until('it is connected', () => tested.delivery.isConnected);
  expect(tested.delivery.mode).toBe('plain');
  plain.socket.resetAndDestroy();
  await until('the break is noticed', () => !tested.delivery.isConnected);
  await sendBatches(tested.delivery, 1, 3);

  const acked = await receiver.connection(2);
  let epoch: number | null = null;
  await acked.greet((asked) => {
    epoch = asked ?? EPOCH;
    return { epoch, sequence: epoch === EPOCH ? 50 : 0 };
  });
  await until('three batches come', () => acked.batches().length === 3, 2000);
  const repeats = acked.sequences().filter((sequence) => epoch === EPOCH && sequence <= 50);
  expect(repeats, 'numbers that the receiver takes for repeats').toEqual([]);
  expect(await acked.lines()).toEqual(entriesOf(1, 3));
});

test('a batch handed over while the kind changes is sent once', async () => {
  await using receiver = await fakeReceiver();
  await using tested = await testDelivery(receiver.port, AUTO);
  const plain = await receiver.connection(1);
  await tested.delivery.place;
  await until('it is connected', () => tested.delivery.isConnected);
  for (let sequence = 1; sequence <= 20; sequence += 1) {
    await tested.delivery.send(
      await numberedBatch(sequence, { mode: sequence % 2 === 0 ? 'plain' : 'acked' }),
    );
  }
  await tested.delivery.drained();
  await until('all have come', async () => (await plain.lines()).length === 20);
  expect(await plain.lines()).toEqual(entriesOf(1, 20));
  expect(
    plain.frames
      .filter(({ type }) => type === 'BATCH')
      .map(({ algorithm, payload }) => decodeBatch(algorithm, payload)),
  ).toEqual([]);
});
