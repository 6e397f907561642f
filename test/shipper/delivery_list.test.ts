/** A shipper that is given several receivers, of which the one named first has the first turn. */
import { describe, expect, test } from 'vitest';
import { decodeOpen, encodeBye, encodeFault } from '../../src/wire/messages.ts';
import { sendBatches, testDelivery, type DeliveryWishes, type TestDelivery } from '../helpers/deliveries.ts';
import { EPOCH, fakeReceiver, type FakeReceiver } from '../helpers/fake_receiver.ts';
import { FaultProxy } from '../helpers/fault_proxy.ts';
import { archivedLines, testReceiver } from '../helpers/receivers.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

/** A delivery to these, in this order. */
const deliveryTo = (
  receivers: readonly { readonly port: number }[],
  dial: DeliveryWishes['dial'] = {},
): Promise<TestDelivery> =>
  testDelivery(0, {
    dial: { addresses: receivers.map(({ port }) => ({ host: '127.0.0.1', port })), ...dial },
    random: () => 0,
  });

const typesAt = ({ connections }: FakeReceiver): Set<string> =>
  new Set(connections.flatMap(({ frames }) => frames.map(({ type }) => type)));

test('it resumes at the next by what READY says there, in the same epoch', async () => {
  await using first = await fakeReceiver();
  await using second = await fakeReceiver();
  await using tested = await deliveryTo([first, second]);
  const before = await first.connection(1);
  await before.greet();
  await sendBatches(tested.delivery, 1, 4);
  await before.hasGot(1, 2, 3, 4);
  before.ack(1);
  await until('one is acknowledged', () => tested.counts.acknowledged === 1);
  before.socket.resetAndDestroy();
  const after = await second.connection(1);
  await after.greet({ sequence: 2 });
  await after.hasGot(3, 4);
  expect(decodeOpen((await after.next('OPEN')).payload)).toMatchObject({
    epoch: EPOCH,
    run: { isReturning: true },
  });
  after.ack(4);
  await tested.delivery.drained();
  expect(first.connections).toHaveLength(1);
  expect(tested.logs.at('info')).toEqual([
    `connected to 127.0.0.1:${first.port} (acked)`,
    `connected to 127.0.0.1:${second.port} (acked)`,
  ]);
});

test('BYE of one sends it to the next at once, however long it asks for', async () => {
  await using first = await fakeReceiver();
  await using second = await fakeReceiver();
  await using tested = await deliveryTo([first, second]);
  const before = await first.connection(1);
  await before.greet({}, {}, encodeBye({ returnAfterMs: 60_000 }));
  before.socket.end();
  await sendBatches(tested.delivery, 1, 1);
  const after = await second.connection(1);
  await after.greet();
  await after.hasGot(1);
});

describe('one that does not answer HELLO', () => {
  test('is passed over, and never gets PLAIN: not before another answered, and not after', async () => {
    await using folder = await temporaryFolder();
    await using silent = await fakeReceiver();
    await using receiver = await testReceiver(folder.path);
    await using proxy = await FaultProxy.to(receiver.port);
    await using tested = await deliveryTo([silent, proxy], { delivery: 'auto', helloTimeoutMs: 200 });
    await sendBatches(tested.delivery, 1, 3);
    await tested.delivery.drained();
    const before = silent.connections.length;
    proxy.faults.isDown = true;
    proxy.break('reset');
    await until('the silent one is tried again', () => silent.connections.length > before);
    proxy.faults.isDown = false;
    await sendBatches(tested.delivery, 4, 4);
    await tested.delivery.drained();
    expect(typesAt(silent)).toEqual(new Set(['HELLO']));
    expect(await archivedLines(folder.path)).toEqual([1, 2, 3, 4].map((n) => `{"n":${n}}`));
  });

  test('is no reason to give up, until all of them were silent five times', async () => {
    await using first = await fakeReceiver();
    await using second = await fakeReceiver();
    await using tested = await deliveryTo([first, second], { delivery: 'auto', helloTimeoutMs: 20 });
    await expect(tested.delivery.place).rejects.toMatchObject({
      code: 'plain_receiver',
      message: expect.stringContaining(`127.0.0.1:${second.port}: the receiver took 5`) as string,
    });
    expect([first, second].map(({ connections }) => connections.length)).toEqual([5, 5]);
    expect([first, second].map(typesAt)).toEqual([new Set(['HELLO']), new Set(['HELLO'])]);
  });
});

describe('one that refuses for good', () => {
  const refusal = encodeFault({ code: 'unauthorized', reason: 'unknown token' });

  test('is passed over, also where it had taken batches before', async () => {
    await using first = await fakeReceiver();
    await using second = await fakeReceiver();
    await using tested = await deliveryTo([first, second]);
    const before = await first.connection(1);
    await before.greet();
    await sendBatches(tested.delivery, 1, 2);
    await before.hasGot(1, 2);
    before.send(refusal);
    const after = await second.connection(1);
    await after.greet();
    await after.hasGot(1, 2);
    after.ack(2);
    await tested.delivery.drained();
    expect(tested.logs.at('warn')[0]).toContain(
      `127.0.0.1:${first.port} (the receiver says unauthorized: unknown token); trying 127.0.0.1:${second.port}`,
    );
  });

  test('is the end when the others do, too', async () => {
    await using first = await fakeReceiver();
    await using second = await fakeReceiver();
    await using tested = await deliveryTo([first, second]);
    for (const receiver of [first, second]) {
      const connection = await receiver.connection(1);
      await connection.next('HELLO');
      connection.send(refusal);
    }
    await sendBatches(tested.delivery, 1, 1);
    await expect(tested.delivery.drained()).rejects.toMatchObject({ code: 'refused' });
    expect([first, second].map(({ connections }) => connections.length)).toEqual([1, 1]);
  });

  test.each(['taken_over', 'conflict', 'too_many_sources'] as const)(
    'as %s is about the shipper, and the end',
    async (code) => {
      await using first = await fakeReceiver();
      await using second = await fakeReceiver();
      await using tested = await deliveryTo([first, second]);
      const connection = await first.connection(1);
      await connection.greet({}, {}, encodeFault({ code, reason: 'because' }));
      await sendBatches(tested.delivery, 1, 1);
      await expect(tested.delivery.drained()).rejects.toMatchObject({ code });
      expect(second.connections).toHaveLength(0);
    },
  );
});
