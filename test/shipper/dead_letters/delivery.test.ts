import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  LetterDelivery,
  whatIsThere,
  type Answer,
  type LetterDeliveryOptions,
} from '../../../src/shipper/dead_letters/delivery.ts';
import { runsOf } from '../../../src/shipper/dead_letters/parts.ts';
import { decodeOpen, encodeBye, encodeFault, encodeReject, type Ready } from '../../../src/wire/messages.ts';
import { encodeFrame } from '../../../src/wire/frame.ts';
import { letterDelivery, linesOf, textOf } from '../../helpers/dead_letters.ts';
import { fakeReceiver, type FakeConnection, type FakeReceiver } from '../../helpers/fake_receiver.ts';
import { collectLogs } from '../../helpers/logs.ts';
import { neverStop } from '../../helpers/shippers.ts';

const LINES = ['{"n":1}', '{"n":2}'];
const BYTES = Buffer.from(textOf(LINES));
const CRC = crc32(BYTES);
const REJECTED = { kind: 'rejected', code: 'not_utf8' } as const;

function deliver(
  { port }: FakeReceiver,
  wishes: Partial<LetterDeliveryOptions> = {},
  lines = LINES,
): Promise<Answer | undefined> {
  const bytes = Buffer.from(textOf(lines));
  const parcel = {
    shipperId: 'a:dead-letter:7-9',
    entries: { bytes, count: lines.length },
    crc: crc32(bytes),
  };
  return new LetterDelivery(parcel, letterDelivery(port, wishes)).answer(neverStop());
}

const typesOf = ({ frames }: FakeConnection): string[] => frames.map(({ type }) => type);

test('a letter goes as the first batch of its id, and is stored when that is acknowledged', async () => {
  await using receiver = await fakeReceiver();
  const answer = deliver(receiver);
  const connection = await receiver.connection(1);
  await connection.greet();
  await connection.hasGot(1);
  expect(await connection.lines()).toEqual(LINES);
  expect(connection.batches()).toMatchObject([{ sequence: 1, count: 2, crc: CRC, positions: {} }]);
  expect(decodeOpen((await connection.next('OPEN')).payload)).toMatchObject({
    shipperId: 'a:dead-letter:7-9',
    epoch: null,
  });
  connection.send(encodeFrame('PING', Buffer.from('x')));
  expect((await connection.next('PONG')).payload.toString()).toBe('x');
  connection.ack(1);
  expect(await answer).toEqual({ kind: 'stored' });
  expect(typesOf(connection).at(-1)).toBe('BYE');
});

test('a batch that was rejected in an earlier run is followed by the next number', async () => {
  await using receiver = await fakeReceiver();
  const answer = deliver(receiver);
  const connection = await receiver.connection(1);
  await connection.greet({ sequence: 3, crc: 0, rejected: [{ sequence: 3, code: 'not_utf8' }] });
  await connection.hasGot(4);
  connection.send(encodeReject({ sequence: 4, code: 'not_utf8', reason: 'still' }));
  connection.ack(4);
  expect(await answer).toEqual({ ...REJECTED, reason: 'still' });
});

describe('nothing is sent', () => {
  test.each([
    ['where the id has this batch', { sequence: 1, crc: CRC }, {}, { kind: 'stored' }],
    ['where it has another', { sequence: 1, crc: 5 }, {}, { kind: 'other' }],
    ['of what is too long for a batch', {}, { maxBatchBytes: 15 }, { kind: 'too long', maxBytes: 15 }],
    ['of what is too long for a frame', {}, { maxFrameBytes: 270 }, { kind: 'too long', maxBytes: 9 }],
  ])('%s', async (_, ready, welcome, expected) => {
    await using receiver = await fakeReceiver();
    const answer = deliver(receiver);
    const connection = await receiver.connection(1);
    await connection.greet(ready, welcome);
    expect(await answer).toEqual(expected);
    expect(typesOf(connection)).toEqual(['HELLO', 'OPEN', 'BYE']);
  });

  test('of a single entry that is past what the receiver takes: that is a rejection', async () => {
    await using receiver = await fakeReceiver();
    const answer = deliver(receiver, {}, [`{"x":"${'y'.repeat(2000)}"}`]);
    const connection = await receiver.connection(1);
    await connection.greet({}, { maxBatchBytes: 1000 });
    expect(await answer).toMatchObject({ kind: 'rejected', code: 'batch_too_large' });
    expect(typesOf(connection)).toEqual(['HELLO', 'OPEN', 'BYE']);
  });
});

test.each([1024, 70_000])(
  'entries that do not compress fit a frame of %d bytes once divided',
  async (maxFrameBytes) => {
    await using receiver = await fakeReceiver();
    const lines = Array.from({ length: 8000 }, () => `{"x":"${randomBytes(6).toString('base64')}"}`);
    const asked = deliver(receiver, { maxBytes: 1e6 }, lines);
    await (await receiver.connection(1)).greet({}, { maxFrameBytes });
    const { maxBytes } = (await asked) as Extract<Answer, { kind: 'too long' }>;
    const [part = Buffer.alloc(0)] = runsOf(Buffer.from(textOf(lines)), maxBytes);
    const answer = deliver(receiver, { maxBytes: 1e6 }, linesOf(part.toString()));
    const connection = await receiver.connection(2);
    await connection.greet({}, { maxFrameBytes });
    await connection.hasGot(1);
    connection.ack(1);
    expect(await answer).toEqual({ kind: 'stored' });
  },
);

test('a single entry goes alone, however long a batch should be', async () => {
  await using receiver = await fakeReceiver();
  const line = `{"x":"${'y'.repeat(2000)}"}`;
  const answer = deliver(receiver, { maxBytes: 1000 }, [line]);
  const connection = await receiver.connection(1);
  await connection.greet();
  await connection.hasGot(1);
  connection.ack(1);
  expect(await answer).toEqual({ kind: 'stored' });
});

describe('when the connection breaks before the answer, the receiver is asked again', () => {
  test.each<[string, Partial<Ready>, Partial<Answer>]>([
    ['it has the batch', { sequence: 2, crc: CRC }, { kind: 'stored' }],
    ['it rejected it', { sequence: 2, crc: 0, rejected: [{ sequence: 2, code: 'not_utf8' }] }, REJECTED],
  ])('%s', async (_, ready, expected) => {
    await using receiver = await fakeReceiver();
    const answer = deliver(receiver);
    const first = await receiver.connection(1);
    await first.greet({ sequence: 1, crc: 0, rejected: [{ sequence: 1, code: 'not_utf8' }] });
    await first.hasGot(2);
    first.socket.resetAndDestroy();
    const second = await receiver.connection(2);
    await second.greet(ready);
    expect(await answer).toMatchObject(expected);
    expect(second.sequences()).toEqual([]);
    const runs = [first, second].map(
      ({ frames }) =>
        decodeOpen((frames.find(({ type }) => type === 'OPEN') as { payload: Buffer }).payload).run,
    );
    expect(runs[0]).toMatchObject({ isReturning: false });
    expect(runs[1]).toEqual({ id: runs[0]?.id, isReturning: true });
  });

  test('it has nothing: the batch comes again, under its number', async () => {
    await using receiver = await fakeReceiver();
    const { log, at } = collectLogs();
    const answer = deliver(receiver, { log });
    const first = await receiver.connection(1);
    await first.greet();
    await first.hasGot(1);
    first.send(encodeBye({ returnAfterMs: 200 }));
    first.socket.end();
    const second = await receiver.connection(2);
    await second.greet();
    await second.hasGot(1);
    second.ack(1);
    expect(await answer).toEqual({ kind: 'stored' });
    expect(at('warn')[0]).toContain('trying again in 0.2 s');
  });
});

test('an error that no other try would mend is told', async () => {
  await using receiver = await fakeReceiver();
  const answer = deliver(receiver);
  const connection = await receiver.connection(1);
  await connection.greet();
  await connection.hasGot(1);
  connection.send(encodeFault({ code: 'taken_over', reason: 'by another' }));
  await expect(answer).rejects.toMatchObject({ code: 'taken_over' });
});

test('zstd goes to a receiver that takes it, to any other gzip', async () => {
  await using receiver = await fakeReceiver();
  const compression = { algorithm: 'zstd', level: 1, bypassBelow: 0 } as const;
  for (const [index, algorithm] of (['zstd', 'gzip'] as const).entries()) {
    const answer = deliver(receiver, { compression });
    const connection = await receiver.connection(index + 1);
    await connection.greet({}, { algorithms: ['none', algorithm] });
    await connection.hasGot(1);
    expect(connection.batches()[0]?.algorithm).toBe(algorithm);
    expect(linesOf(textOf(await connection.lines()))).toEqual(LINES);
    connection.ack(1);
    expect(await answer).toEqual({ kind: 'stored' });
  }
});

test.each<[Partial<Ready>, ReturnType<typeof whatIsThere>]>([
  [{ sequence: 0 }, undefined],
  [{ sequence: 1, crc: 5 }, 'stored'],
  [{ sequence: 3, crc: 5, rejected: [{ sequence: 2, code: 'x' }] }, 'stored'],
  [{ sequence: 1, crc: 6 }, 'other'],
  [{ sequence: 1 }, 'other'],
])('READY %o says of the batch with CRC 5: %s', (ready, expected) => {
  expect(whatIsThere(5, { epoch: 7, sequence: 0, positions: {}, windowBytes: 1, ...ready })).toBe(expected);
});

test('a batch that holds nothing where a letter was is a rejection; a CRC of 0 can be one of entries', () => {
  const ready = { epoch: 7, sequence: 1, crc: 0, positions: {}, windowBytes: 1 };
  expect(whatIsThere(5, ready)).toMatchObject({ code: 'unknown' });
  expect(whatIsThere(0, ready)).toBe('stored');
  expect(whatIsThere(0, { ...ready, rejected: [{ sequence: 1, code: 'x' }] })).toMatchObject({ code: 'x' });
});
