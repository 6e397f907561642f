import { existsSync, readdirSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { decodeGap, decodeOpen, encodeAck, encodeFault, encodeReject } from '../../src/wire/messages.ts';
import { numberedBatch, sendBatches, testDelivery } from '../helpers/deliveries.ts';
import { EPOCH, fakeReceiver, type FakeConnection } from '../helpers/fake_receiver.ts';
import { until } from '../helpers/until.ts';

describe('after a connection broke', () => {
  test('the batches that were not acknowledged are sent again, under their numbers and in the same epoch', async () => {
    await using receiver = await fakeReceiver();
    await using tested = await testDelivery(receiver.port);
    const first = await receiver.connection(1);
    await first.greet();
    expect(epochAsked(first)).toBeNull();
    await sendBatches(tested.delivery, 1, 4);
    await first.hasGot(1, 2, 3, 4);
    first.ack(1);
    await until('it is acknowledged', () => tested.counts.acknowledged === 1);
    first.socket.resetAndDestroy();
    const second = await receiver.connection(2);
    await second.greet({ sequence: 2 });
    await second.hasGot(3, 4);
    expect(epochAsked(second)).toBe(EPOCH);
    second.ack(4);
    await tested.delivery.drained();
    expect(tested.counts).toMatchObject({ acknowledged: 4, resent: 2, connections: 2 });
  });

  test.each([
    ['that breaks at once', () => Promise.resolve()],
    [
      'that breaks while HELLO waits for its answer',
      (connection: FakeConnection) => connection.next('HELLO'),
    ],
    ['that breaks behind READY', (connection: FakeConnection) => connection.greet()],
  ])('after a connection %s another one is tried, after growing waits', async (_, comeSoFar) => {
    await using receiver = await fakeReceiver();
    await using tested = await testDelivery(receiver.port, {
      reconnect: { firstMs: 2, maxMs: 16 },
      random: () => 0.999,
    });
    for (let n = 1; n <= 5; n += 1) {
      const connection = await receiver.connection(n);
      await comeSoFar(connection);
      connection.socket.resetAndDestroy();
    }
    await until('five waits are told', () => tested.logs.at('warn').length >= 5);
    const waits = tested.logs.lines.filter(({ waitMs }) => waitMs !== undefined).map(({ waitMs }) => waitMs);
    expect(waits.slice(0, 5)).toEqual([2, 4, 8, 16, 16]);
  });

  test('ERROR unavailable is no reason to give up', async () => {
    await using receiver = await fakeReceiver();
    await using tested = await testDelivery(receiver.port);
    const first = await receiver.connection(1);
    await first.greet();
    await sendBatches(tested.delivery, 1, 1);
    await first.hasGot(1);
    first.send(encodeFault({ code: 'unavailable', reason: 'disk full' }));
    const second = await receiver.connection(2);
    await second.greet();
    await second.hasGot(1);
    expect(tested.logs.at('warn')[0]).toContain('disk full');
  });
});

describe('gives up', () => {
  test.each(['taken_over', 'conflict', 'unauthorized'] as const)('after ERROR %s', async (code) => {
    await using receiver = await fakeReceiver();
    await using tested = await testDelivery(receiver.port);
    const connection = await receiver.connection(1);
    await connection.greet();
    await sendBatches(tested.delivery, 1, 1);
    await connection.hasGot(1);
    connection.send(encodeFault({ code, reason: 'because' }));
    await expect(tested.delivery.drained()).rejects.toMatchObject({
      code: code === 'unauthorized' ? 'refused' : code,
    });
    await expect(tested.delivery.send(await numberedBatch(2))).rejects.toThrow('because');
    expect(receiver.connections).toHaveLength(1);
  });

  test('after ERROR taken_over right behind READY', async () => {
    await using receiver = await fakeReceiver();
    await using tested = await testDelivery(receiver.port);
    const connection = await receiver.connection(1);
    await connection.greet({}, {}, encodeFault({ code: 'taken_over', reason: 'because' }));
    connection.socket.end();
    await until('it has failed or comes again', () => receiver.connections.length > 1 || connection.isEnded);
    await sendBatches(tested.delivery, 1, 1);
    await expect(failureOf(tested.delivery.drained())).resolves.toBe('taken_over');
  });

  test('when the receiver has more than was ever sent: another shipper uses the id', async () => {
    await using receiver = await fakeReceiver();
    await using tested = await testDelivery(receiver.port);
    const first = await receiver.connection(1);
    await first.greet();
    await sendBatches(tested.delivery, 1, 2);
    await first.hasGot(1, 2);
    first.socket.resetAndDestroy();
    await (await receiver.connection(2)).greet({ sequence: 3 });
    await expect(tested.delivery.drained()).rejects.toMatchObject({ code: 'conflict' });
  });

  test('when the receiver lost what it had acknowledged, and another run can give it again', async () => {
    await using receiver = await fakeReceiver();
    await using tested = await testDelivery(receiver.port, { canReread: true });
    const first = await receiver.connection(1);
    await first.greet();
    await sendBatches(tested.delivery, 1, 3);
    await first.hasGot(1, 2, 3);
    first.ack(2);
    await until('two are acknowledged', () => tested.counts.acknowledged === 2);
    first.socket.resetAndDestroy();
    await (await receiver.connection(2)).greet({ sequence: 1 });
    await expect(tested.delivery.drained()).rejects.toMatchObject({ code: 'receiver_went_back' });
  });
});

test('a receiver that lost what it had acknowledged, and that cannot be given again, is told by a GAP', async () => {
  await using receiver = await fakeReceiver();
  await using tested = await testDelivery(receiver.port, { canReread: false });
  const first = await receiver.connection(1);
  await first.greet();
  await sendBatches(tested.delivery, 1, 4);
  await first.hasGot(1, 2, 3, 4);
  first.ack(3);
  await until('three are acknowledged', () => tested.counts.acknowledged === 3);
  first.socket.resetAndDestroy();
  const second = await receiver.connection(2);
  await second.greet({ sequence: 1 });
  await second.hasGot(4);
  expect(decodeGap((await second.next('GAP')).payload)).toMatchObject({ from: 2, to: 3 });
  expect(second.frames.map(({ type }) => type)).toEqual(['HELLO', 'OPEN', 'GAP', 'BATCH']);
  expect(tested.logs.at('error')[0]).toContain('batches 2 to 3');
  second.ack(4);
  await tested.delivery.drained();
});

describe('a batch that will never be taken becomes a dead letter', () => {
  test('when the receiver rejects it; later ones go on', async () => {
    await using receiver = await fakeReceiver();
    await using tested = await testDelivery(receiver.port);
    const connection = await receiver.connection(1);
    await connection.greet();
    await sendBatches(tested.delivery, 1, 3);
    await connection.hasGot(1, 2, 3);
    connection.send(
      encodeReject({ sequence: 2, code: 'crc_mismatch', reason: 'no' }),
      encodeAck({ sequence: 3, windowBytes: 1e6 }),
    );
    await tested.delivery.drained();
    expect(tested.counts).toMatchObject({ acknowledged: 2, rejected: 1 });
    expect(await lettersIn(tested.folder.in('dead-letter', 'a'))).toEqual({
      [`${EPOCH}-2.json`]: `{"shipper":"a","epoch":${EPOCH},"sequence":2,"count":1,"code":"crc_mismatch","reason":"no"}\n`,
      [`${EPOCH}-2.ndjson`]: '{"n":2}\n',
    });
    expect(tested.logs.at('error')).toHaveLength(1);
  });

  test('and only when that is on disk the batch has settled: a spool may let go of it then', async () => {
    await using receiver = await fakeReceiver();
    const settled: { sequence: number; letters: number }[] = [];
    await using tested = await testDelivery(receiver.port, {
      onSettled(sequence) {
        const folder = tested.folder.in('dead-letter', 'a');
        const letters = existsSync(folder)
          ? readdirSync(folder).filter((name) => name.endsWith('.ndjson'))
          : [];
        settled.push({ sequence, letters: letters.length });
      },
    });
    const connection = await receiver.connection(1);
    await connection.greet();
    await sendBatches(tested.delivery, 1, 3);
    await connection.hasGot(1, 2, 3);
    connection.send(
      encodeReject({ sequence: 2, code: 'crc_mismatch', reason: 'no' }),
      encodeAck({ sequence: 2, windowBytes: 1e6 }),
      encodeAck({ sequence: 3, windowBytes: 1e6 }),
    );
    await tested.delivery.drained();
    expect(settled.filter(({ sequence }) => sequence > 0)).toEqual([
      { sequence: 2, letters: 1 },
      { sequence: 3, letters: 1 },
    ]);
  });

  test('also when the connection breaks before the REJECT arrives: READY tells of it', async () => {
    await using receiver = await fakeReceiver();
    await using tested = await testDelivery(receiver.port);
    const first = await receiver.connection(1);
    await first.greet();
    await sendBatches(tested.delivery, 1, 3);
    await first.hasGot(1, 2, 3);
    first.socket.resetAndDestroy();
    const second = await receiver.connection(2);
    await second.greet({ sequence: 3, rejected: [{ sequence: 2, code: 'not_utf8' }] });
    await tested.delivery.drained();
    expect(tested.counts).toMatchObject({ acknowledged: 2, rejected: 1 });
    expect(Object.keys(await lettersIn(tested.folder.in('dead-letter', 'a')))).toContain(`${EPOCH}-2.ndjson`);
  });

  test.each([
    ['frame', { maxFrameBytes: 1000 }, 'frame_too_large'],
    ['batch', { maxBatchBytes: 1000 }, 'batch_too_large'],
  ])('when it is larger than any %s the receiver takes: a GAP goes in its place', async (_, limits, code) => {
    await using receiver = await fakeReceiver();
    await using tested = await testDelivery(receiver.port);
    const connection = await receiver.connection(1);
    await connection.greet({}, limits);
    const positions = { '/a.log': { offset: 2000, head: 'ab', headBytes: 1 } };
    await sendBatches(tested.delivery, 1, 1);
    await sendBatches(tested.delivery, 2, 2, { bytes: 2000, positions });
    await sendBatches(tested.delivery, 3, 3);
    await connection.hasGot(1, 3);
    expect(decodeGap((await connection.next('GAP')).payload)).toEqual({
      from: 2,
      to: 2,
      entries: 1,
      reason: code,
      positions,
    });
    connection.ack(3);
    await tested.delivery.drained();
    expect(tested.counts).toMatchObject({ acknowledged: 2, rejected: 1 });
    expect((await lettersIn(tested.folder.in('dead-letter', 'a')))[`${EPOCH}-2.json`]).toContain(code);
  });
});

const epochAsked = ({ frames }: FakeConnection): number | null => {
  const open = frames.find(({ type }) => type === 'OPEN');
  return open === undefined ? NaN : decodeOpen(open.payload).epoch;
};

/** The `code` this rejects with; `nothing` where it does not within a second. */
async function failureOf(work: Promise<unknown>): Promise<unknown> {
  let outcome: unknown = 'nothing';
  work.then(
    () => (outcome = 'success'),
    (error: unknown) => (outcome = (error as { code?: unknown }).code),
  );
  await until('it settles', () => outcome !== 'nothing', 1000).catch(() => undefined);
  return outcome;
}

async function lettersIn(folder: string): Promise<Record<string, string>> {
  const names = await readdir(folder);
  return Object.fromEntries(
    await Promise.all(
      names.map(async (name) => [name, await readFile(`${folder}/${name}`, 'utf8')] as const),
    ),
  );
}
