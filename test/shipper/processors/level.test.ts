import { expect, test } from 'vitest';
import { leastLevel, levelInText, levelNumber } from '../../../src/shipper/processors/level.ts';

test.each([
  ['info', 30],
  ['INFO', 30],
  ['Warning', 40],
  ['err', 50],
  ['emerg', 60],
  ['notice', 35],
  ['verbose', 10],
  ['30', 30],
  ['5', undefined],
  ['loud', undefined],
  ['', undefined],
  ['constructor', undefined],
])('%j is %s', (text, number) => {
  expect(levelNumber(text)).toBe(number);
});

test.each([
  ['2024-01-01 ERROR it broke', 50],
  ['[WARN] careful', 40],
  ['WARNINGS are not a level', undefined],
  ['no error here', undefined],
  [`${'x'.repeat(200)} ERROR`, undefined],
])('%j speaks of %s', (text, number) => {
  expect(levelInText(text)).toBe(number);
});

test('the least level', () => {
  expect(leastLevel('all')).toBeUndefined();
  expect(leastLevel('warn')).toBe(40);
});
