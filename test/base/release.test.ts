import { expect, test } from 'vitest';
import { release } from '../../src/base/release.ts';

test('a large buffer gives its memory back', () => {
  const buffer = Buffer.allocUnsafeSlow(256 * 1024);
  release(buffer.subarray(10, 20));
  expect(buffer.length).toBe(0);
  release(buffer);
  expect(buffer.length, 'a second time changes nothing').toBe(0);
});

test('a small one is let be: it may be cut out of memory that others use', () => {
  const [one, other] = [Buffer.from('one'), Buffer.from('other')];
  release(one);
  expect([one.toString(), other.toString()]).toEqual(['one', 'other']);
});
