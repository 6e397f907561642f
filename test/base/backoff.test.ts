import { expect, test } from 'vitest';
import { backoffMs } from '../../src/base/backoff.ts';

const OPTIONS = { firstMs: 100, maxMs: 1000 };

test.each([
  [0, 0, 50],
  [0, 1, 100],
  [1, 0, 100],
  [1, 1, 200],
  [3, 0.5, 600],
  [4, 1, 1000],
  [1e9, 0, 500],
  [1e9, 1, 1000],
])('attempt %i with random %f waits %i ms', (attempt, random, ms) => {
  expect(backoffMs(attempt, OPTIONS, random)).toBe(ms);
});

test('it never waits longer than the maximum, though the first wait is longer', () => {
  expect(backoffMs(0, { firstMs: 5000, maxMs: 1000 }, 1)).toBe(1000);
});
