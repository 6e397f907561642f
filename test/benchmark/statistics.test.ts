import { expect, test } from 'vitest';
import {
  figure,
  percentileOf,
  spreadBy,
  spreadOf,
  spreadText,
  thousands,
} from '../../benchmark/statistics.ts';

test.each([
  { values: [3], spread: { median: 3, min: 3, max: 3 } },
  { values: [10, 9, 1], spread: { median: 9, min: 1, max: 10 } },
  { values: [4, 1, 3, 2], spread: { median: 2.5, min: 1, max: 4 } },
  { values: [100, 20, 3], spread: { median: 20, min: 3, max: 100 } },
])('the spread of $values is $spread', ({ values, spread }) => {
  expect(spreadOf(values)).toEqual(spread);
});

test('values are left in their order', () => {
  const values = [2, 1];
  spreadOf(values);
  expect(values).toEqual([2, 1]);
});

test('nothing has no spread', () => {
  expect(() => spreadOf([])).toThrow(RangeError);
});

test('a spread is taken of one figure of each round', () => {
  expect(spreadBy([{ ms: 5 }, { ms: 7 }], ({ ms }) => ms)).toEqual({ median: 6, min: 5, max: 7 });
});

test('a spread is shown with its ends, where they differ', () => {
  expect(spreadText({ median: 2, min: 1, max: 3 }, String)).toBe('2 (1..3)');
  expect(spreadText({ median: 2, min: 2, max: 2 }, String)).toBe('2');
});

test.each([
  [0, '0.00'],
  [1.234, '1.23'],
  [12.34, '12.3'],
  [123.4, '123'],
  [1234.5, '1,235'],
])('%d is shown as %s', (value, text) => {
  expect(figure(value)).toBe(text);
});

test('thousands are rounded', () => {
  expect(thousands(1_234_567)).toBe('1,235k');
});

test.each([
  { percent: 0, value: 1 },
  { percent: 50, value: 5 },
  { percent: 90, value: 9 },
  { percent: 91, value: 10 },
  { percent: 100, value: 10 },
])('$percent % of one to ten do not exceed $value', ({ percent, value }) => {
  expect(percentileOf([10, 9, 8, 7, 6, 5, 4, 3, 2, 1], percent)).toBe(value);
});

test('nothing has no percentile', () => {
  expect(() => percentileOf([], 50)).toThrow(RangeError);
});
