import { describe, expect, test } from 'vitest';
import { countEntries, isBraced } from '../../src/wire/ndjson.ts';
import { codeOf } from '../helpers/errors.ts';

describe('the lines of a body are counted', () => {
  test.each([
    [0, ''],
    [1, '{}\n'],
    [1, '{"a":1}\n'],
    [2, '{"a":1}\n{"b":2}\n'],
    [1, ' \t{"a":1} \t\n'],
    [2, '{"a":1}\r\n{"b":2}\r\n'],
    [1, '{"a":"}{"}\n'],
    [1, '{what is between is the business of the reader}\n'],
  ])('%i of %j', (count, body) => {
    expect(countEntries(Buffer.from(body))).toBe(count);
  });

  test('300,000 of them', () => {
    expect(countEntries(Buffer.from('{"a":1}\n'.repeat(300_000)))).toBe(300_000);
  });
});

describe('a body is refused, and the line named', () => {
  test.each([
    [1, '{"a":1}'],
    [2, '{"a":1}\n{"b":2}'],
    [1, '\n'],
    [2, '{}\n\n{}\n'],
    [2, '{}\n \n'],
    [1, '{\n'],
    [1, '}\n'],
    [1, '{\n}\n'],
    [3, '{}\n{}\n[1]\n'],
    [1, '7\n'],
    [1, '{"a":1},\n'],
    [1, 'x{"a":1}\n'],
    [1, '\u00a0{}\n'],
    [2, '{}\n\0{}\n'],
  ])('line %i of %j', async (line, body) => {
    expect(await codeOf(() => countEntries(Buffer.from(body)))).toBe('not_json');
    expect(() => countEntries(Buffer.from(body))).toThrow(`line ${line} `);
  });
});

test.each([
  ['{}', true],
  [' {x}\r', true],
  ['{', false],
  ['', false],
  ['   ', false],
  ['{}x', false],
])('%j is braced: %s', (text, expected) => {
  const bytes = Buffer.from(`}${text}{`);
  expect(isBraced(bytes, 1, bytes.length - 1)).toBe(expected);
});
