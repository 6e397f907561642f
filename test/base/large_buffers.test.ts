import { expect, test } from 'vitest';
import { giveBack, lend, release, releaseWhole } from '../../src/base/large_buffers.ts';

const LARGE = 256 * 1024;

test('a large buffer gives its memory back', () => {
  const buffer = Buffer.allocUnsafeSlow(LARGE);
  release(buffer.subarray(10, 20));
  expect(buffer.length).toBe(0);
  release(buffer);
  expect(buffer.length, 'a second time changes nothing').toBe(0);
});

test('a small one is let be: it may be cut out of memory that others use', () => {
  const [one, other] = [Buffer.from('one'), Buffer.from('other')];
  release(one);
  releaseWhole(one);
  expect([one.toString(), other.toString()]).toEqual(['one', 'other']);
});

test('what a socket read is given back where it fills its memory', () => {
  const whole = Buffer.allocUnsafeSlow(32 * 1024);
  const part = Buffer.allocUnsafeSlow(64 * 1024).subarray(0, 32 * 1024);
  releaseWhole(whole);
  releaseWhole(part);
  expect([whole.length, part.length]).toEqual([0, 32 * 1024]);
});

test('what was given back is lent again, to one of about its length', () => {
  const first = lend(LARGE);
  expect(first.length).toBe(LARGE);
  expect(giveBack(first.subarray(5, 10))).toBe(true);
  const second = lend(LARGE - 1000);
  expect(second.length).toBe(LARGE - 1000);
  expect(second.buffer).toBe(first.buffer);
  giveBack(second);
  const small = lend(LARGE / 4);
  const large = lend(LARGE * 4);
  expect([small.buffer, large.buffer]).not.toContain(first.buffer);
});

test('nothing is lent to two: neither what is lent already nor what is given back twice', () => {
  const first = lend(LARGE);
  const others = Array.from({ length: 5 }, () => lend(LARGE));
  giveBack(first);
  expect(giveBack(first)).toBe(false);
  const again = Array.from({ length: 5 }, () => lend(LARGE));
  const memories = [...others, ...again].map(({ buffer }) => buffer);
  expect(new Set(memories).size).toBe(memories.length);
});

test('only what was lent is taken back', () => {
  const foreign = Buffer.alloc(LARGE, 'x');
  expect(giveBack(foreign)).toBe(false);
  expect(foreign.toString('latin1', 0, 3)).toBe('xxx');
});

test('what waits to be lent is bounded', () => {
  const many = Array.from({ length: 60 }, () => lend(1024 * 1024));
  many.forEach(giveBack);
  const kept = many.filter(({ length }) => length > 0).length;
  expect(kept).toBeGreaterThan(10);
  expect(kept).toBeLessThanOrEqual(24);
});
