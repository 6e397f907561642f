/** A receiver that is replaced by one of another kind between two connections. */
import { expect, test } from 'vitest';
import { decodeBatch } from '../../src/wire/batch.ts';
import { decodeGap } from '../../src/wire/messages.ts';
import { numberedBatch, sendBatches, testDelivery } from '../helpers/deliveries.ts';
import { EPOCH, fakeReceiver } from '../helpers/fake_receiver.ts';
import { until } from '../helpers/until.ts';

const AUTO = { dial: { delivery: 'auto', helloTimeoutMs: 200 } } as const;
const entriesOf = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, n) => `{"n":${from + n}}`);

test('acked, plain, acked again: nothing is lost, and what the plain one took is declared to the other', async () => {
  await using receiver = await fakeReceiver();
  await using tested = await testDelivery(receiver.port, AUTO);
  const first = await receiver.connection(1);
  await first.greet();
  await sendBatches(tested.delivery, 1, 3);
  await first.hasGot(1, 2, 3);
  first.ack(1);
  await until('one is acknowledged', () => tested.counts.acknowledged === 1);
  first.socket.resetAndDestroy();

  const plain = await receiver.connection(2);
  await until('the plain one has both', async () => (await plain.lines()).length === 2);
  expect(await plain.lines()).toEqual(entriesOf(2, 3));
  await sendBatches(tested.delivery, 4, 4);
  await tested.delivery.drained();
  plain.socket.resetAndDestroy();

  const third = await receiver.connection(3);
  await third.greet({ sequence: 1 });
  await sendBatches(tested.delivery, 5, 6);
  await third.hasGot(5, 6);
  expect(decodeGap((await third.next('GAP')).payload)).toMatchObject({ from: 2, to: 4 });
  expect(await third.lines()).toEqual(entriesOf(5, 6));
  third.ack(6);
  await tested.delivery.drained();
  expect(tested.counts).toMatchObject({ acknowledged: 6, rejected: 0 });
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
