import { describe, expect, test } from 'vitest';
import { encodeAck, encodeBye, encodeFault } from '../../src/wire/messages.ts';
import { numberedBatch, sendBatches, testDelivery } from '../helpers/deliveries.ts';
import { EPOCH, fakeReceiver } from '../helpers/fake_receiver.ts';
import { typed } from '../helpers/raw_peer.ts';
import { until } from '../helpers/until.ts';

describe('the place to begin', () => {
  test('is what the receiver says', async () => {
    await using receiver = await fakeReceiver();
    await using tested = await testDelivery(receiver.port);
    const positions = { '/a.log': { offset: 5, head: 'ab', headBytes: 1 } };
    await (await receiver.connection(1)).greet({ sequence: 41, positions });
    expect(await tested.delivery.place).toMatchObject({ nextSequence: 42, positions });
  });

  test('is the start for a plain receiver, after HELLO_TIMEOUT', async () => {
    await using receiver = await fakeReceiver();
    await using tested = await testDelivery(receiver.port, {
      dial: { delivery: 'auto', helloTimeoutMs: 20 },
    });
    expect(await tested.delivery.place).toEqual({ nextSequence: 1, positions: {} });
    expect(tested.delivery.mode).toBe('plain');
  });

  test('comes once a receiver is there', async () => {
    const early = await fakeReceiver();
    const { port } = early;
    await early[Symbol.asyncDispose]();
    await using tested = await testDelivery(port);
    await until('it has tried in vain', () => tested.logs.at('warn').length > 2);
    expect(tested.logs.at('warn')[0]).toContain('trying again in');
    expect(tested.delivery.isConnected).toBe(false);
  });

  test.each(['taken_over', 'conflict', 'unauthorized', 'bad_version'] as const)(
    'never comes after ERROR %s',
    async (code) => {
      await using receiver = await fakeReceiver();
      await using tested = await testDelivery(receiver.port);
      const connection = await receiver.connection(1);
      await connection.next('HELLO');
      connection.send(encodeFault({ code, reason: 'because' }));
      await expect(tested.delivery.place).rejects.toMatchObject({
        message: expect.stringContaining('because') as string,
      });
      expect(receiver.connections).toHaveLength(1);
    },
  );
});

describe('acknowledgement', () => {
  test('settles batches up to its number', async () => {
    await using receiver = await fakeReceiver();
    await using tested = await testDelivery(receiver.port);
    const connection = await receiver.connection(1);
    await connection.greet();
    await sendBatches(tested.delivery, 1, 3);
    await connection.hasGot(1, 2, 3);
    connection.ack(2);
    await until('two are acknowledged', () => tested.counts.acknowledged === 2);
    expect(tested.delivery.isBusy).toBe(true);
    connection.ack(3);
    await tested.delivery.drained();
    expect(tested.counts).toMatchObject({ acknowledged: 3, rejected: 0, resent: 0, connections: 1 });
    expect(tested.delivery.isBusy).toBe(false);
  });

  test('of what was never sent is an error of the receiver: the connection is made anew', async () => {
    await using receiver = await fakeReceiver();
    await using tested = await testDelivery(receiver.port);
    const connection = await receiver.connection(1);
    await connection.greet();
    await sendBatches(tested.delivery, 1, 1);
    await connection.hasGot(1);
    connection.ack(2);
    const again = await receiver.connection(2);
    expect(tested.counts.acknowledged).toBe(0);
    await again.greet();
    await again.hasGot(1);
  });

  test('PING is answered', async () => {
    await using receiver = await fakeReceiver();
    await using tested = await testDelivery(receiver.port);
    const connection = await receiver.connection(1);
    await connection.greet();
    await tested.delivery.place;
    await until('it is connected', () => tested.delivery.isConnected);
    connection.send(typed('PING', 'there?'));
    expect((await connection.next('PONG')).payload.toString()).toBe('there?');
  });
});

describe('the window', () => {
  const BATCH = { bytes: 10_000 };

  test('is kept: no more is sent than fits it', async () => {
    await using receiver = await fakeReceiver();
    await using tested = await testDelivery(receiver.port);
    const connection = await receiver.connection(1);
    await connection.greet({ windowBytes: 25_000 });
    await sendBatches(tested.delivery, 1, 5, BATCH);
    await connection.hasGot(1, 2);
    connection.ack(1, 25_000);
    await connection.hasGot(1, 2, 3);
    connection.ack(3, 100_000);
    await connection.hasGot(1, 2, 3, 4, 5);
  });

  test('lets one batch through that is larger than all of it', async () => {
    await using receiver = await fakeReceiver();
    await using tested = await testDelivery(receiver.port);
    const connection = await receiver.connection(1);
    await connection.greet({ windowBytes: 5000 });
    await sendBatches(tested.delivery, 1, 3, BATCH);
    await connection.hasGot(1);
    connection.ack(1, 5000);
    await connection.hasGot(1, 2);
  });

  test('is filled again after two ACKs that come as one', async () => {
    await using receiver = await fakeReceiver();
    await using tested = await testDelivery(receiver.port);
    const connection = await receiver.connection(1);
    const windowBytes = 25_000;
    await connection.greet({ windowBytes });
    await sendBatches(tested.delivery, 1, 2, BATCH);
    await sendBatches(tested.delivery, 3, 3, { bytes: 20_000 });
    await connection.hasGot(1, 2);
    connection.send(encodeAck({ sequence: 1, windowBytes }), encodeAck({ sequence: 2, windowBytes }));
    await connection.hasGot(1, 2, 3);
  });

  test('makes `send` wait when enough is waiting for it', async () => {
    await using receiver = await fakeReceiver();
    await using tested = await testDelivery(receiver.port);
    const connection = await receiver.connection(1);
    await connection.greet({ windowBytes: 5000 });
    await sendBatches(tested.delivery, 1, 4, BATCH);
    let isThrough = false;
    const waiting = tested.delivery.send(await numberedBatch(5, BATCH)).then(() => (isThrough = true));
    await connection.hasGot(1);
    expect(isThrough).toBe(false);
    connection.ack(1, 5000);
    await waiting;
    await connection.hasGot(1, 2);
  });
});

describe('the end', () => {
  test('is in order: BYE, and our side ends', async () => {
    await using receiver = await fakeReceiver();
    await using tested = await testDelivery(receiver.port);
    const connection = await receiver.connection(1);
    await connection.greet();
    await tested.delivery.place;
    await until('it is connected', () => tested.delivery.isConnected);
    expect(await tested.delivery.close(5000)).toBeUndefined();
    await until('the end is seen', () => connection.isEnded);
    expect(connection.frames.at(-1)?.type).toBe('BYE');
    expect(receiver.connections).toHaveLength(1);
  });

  test('BYE with returnAfterMs: the shipper stays away for so long, then sends what was not acknowledged', async () => {
    await using receiver = await fakeReceiver();
    await using tested = await testDelivery(receiver.port);
    const connection = await receiver.connection(1);
    await connection.greet();
    await sendBatches(tested.delivery, 1, 2);
    await connection.hasGot(1, 2);
    const saidAt = performance.now();
    connection.send(encodeAck({ sequence: 1, windowBytes: 1e6 }), encodeBye({ returnAfterMs: 300 }));
    connection.socket.end();
    const again = await receiver.connection(2);
    expect(performance.now() - saidAt).toBeGreaterThan(290);
    await again.greet({ epoch: EPOCH, sequence: 1 });
    await again.hasGot(2);
  });
});
