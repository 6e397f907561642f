import { expect, test } from 'vitest';
import type { Encoded } from '../../src/shipper/encode.ts';
import { Outbox } from '../../src/shipper/outbox.ts';

const batch = (sequence: number, bytes = 10): Encoded => ({
  ...{ mode: 'acked', algorithm: 'none', sequence, count: 1, rawLength: bytes, positions: {} },
  ...{ head: Buffer.alloc(0), body: Buffer.alloc(bytes) },
});

function outboxOf(...batches: Encoded[]): Outbox {
  const outbox = new Outbox();
  for (const one of batches) outbox.add(one);
  return outbox;
}

/** Sends what fits; the answer is the numbers sent. */
function sendAll(outbox: Outbox, windowBytes: number): number[] {
  const sent: number[] = [];
  for (let next = outbox.next(windowBytes); next !== undefined; next = outbox.next(windowBytes)) {
    outbox.sent(next);
    sent.push(next.sequence);
  }
  return sent;
}

const taken = (outbox: Outbox, sequence: number): number[] =>
  [...outbox.takeUpTo(sequence)].map((one) => one.sequence);

test.each([
  ['all that fit', 100, [1, 2, 3]],
  ['exactly what fits', 30, [1, 2, 3]],
  ['one byte less', 29, [1, 2]],
  ['one, where not even that fits', 1, [1]],
])('a window lets through %s', (_, windowBytes, expected) => {
  expect(sendAll(outboxOf(batch(1), batch(2), batch(3)), windowBytes)).toEqual(expected);
});

test('what is acknowledged makes room', () => {
  const outbox = outboxOf(batch(1), batch(2), batch(3), batch(4));
  sendAll(outbox, 20);
  expect(taken(outbox, 1)).toEqual([1]);
  expect(sendAll(outbox, 20)).toEqual([3]);
  expect([outbox.size, outbox.unsent, outbox.highestSent]).toEqual([3, 1, 3]);
});

test('after a rewind everything goes again, with a window of its own', () => {
  const outbox = outboxOf(batch(1), batch(2), batch(3));
  sendAll(outbox, 20);
  expect(outbox.rewind()).toBe(2);
  expect([outbox.unsent, outbox.highestSent]).toEqual([3, 2]);
  expect(sendAll(outbox, 20)).toEqual([1, 2]);
});

test('what the receiver has is let go of before it was sent again', () => {
  const outbox = outboxOf(batch(1), batch(2), batch(3));
  sendAll(outbox, 100);
  outbox.rewind();
  expect(taken(outbox, 2)).toEqual([1, 2]);
  expect(outbox.unsent).toBe(1);
  expect(sendAll(outbox, 100)).toEqual([3]);
  expect(taken(outbox, 3)).toEqual([3]);
  expect(outbox.isEmpty).toBe(true);
});

test('another encoding takes the place of a batch, and none where it is gone', () => {
  const old = batch(2);
  const outbox = outboxOf(batch(1), old);
  outbox.replace(old, batch(2, 50));
  expect(sendAll(outbox, 59)).toEqual([1]);
  outbox.replace(old, batch(9));
  expect(taken(outbox, 9)).toEqual([1, 2]);
});

test('an outbox that starts behind known numbers counts none of them as sent again', () => {
  const outbox = new Outbox();
  outbox.startAfter(41);
  outbox.add(batch(42));
  expect(outbox.rewind()).toBe(0);
  expect(outbox.highestSent).toBe(41);
});
